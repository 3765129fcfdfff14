//! The command, as real processes.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[test]
fn the_openapi_document_is_printed() {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_sekisho")).arg("openapi").output().unwrap();

    assert!(output.status.success());
}
