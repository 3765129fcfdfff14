//! Several bcrypt hashes at once on one core, interleaved.
