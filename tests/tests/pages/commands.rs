//! docs/cli.md: every verb with its help.

use e2e::TestEnv;

use crate::is_up_to_date;

#[test]
fn the_page_of_commands_is_up_to_date() {
    let page = TestEnv::new().person().ends_with(0, &["man", "--markdown"]).stdout;
    is_up_to_date("docs/cli.md", &page);
}
