//! Breaches that the compiler finds.

#[test]
fn the_compiler_refuses_wrong_and_forged_witnesses_and_contradicting_registries() {
    trybuild::TestCases::new().compile_fail("tests/compile-fail/*.rs");
}
