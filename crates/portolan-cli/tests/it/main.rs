//! The command as people see it: each page is a test that reads as a document.

#[test]
fn pages() {
    let cases = trycmd::TestCases::new();
    cases.case("tests/it/pages/*.trycmd");
}
