//! A hierarchical fair queue.
