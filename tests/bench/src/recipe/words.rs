//! The words that rows are made of, and how often each comes.

/// One of `from`, each as likely as often as it stands there.
pub(super) fn pick<'w>(from: &[&'w str], drawn: u64) -> &'w str {
    from[usize::try_from(drawn % from.len() as u64).unwrap_or(0)]
}

pub(super) const PRIORITIES: [&str; 20] = [
    "critical", "high", "high", "high", "high", "high", "medium", "medium", "medium", "medium", "medium",
    "medium", "medium", "medium", "medium", "medium", "low", "low", "low", "low",
];
pub(super) const TYPES: [&str; 10] =
    ["task", "task", "task", "task", "task", "bug", "bug", "bug", "feature", "chore"];
pub(super) const KEYS: [&str; 4] = ["log", "requirements", "decision", "review-findings"];
pub(super) const PARTS: [&str; 24] = [
    "backend", "frontend", "billing", "search", "login", "export", "import", "mobile", "docs", "infra",
    "mail", "reports", "api", "sync", "cache", "audit", "legal", "design", "support", "pricing", "data",
    "tests", "release", "security",
];

const VERBS: [&str; 16] = [
    "Fix",
    "Add",
    "Remove",
    "Speed up",
    "Document",
    "Rework",
    "Test",
    "Translate",
    "Measure",
    "Split",
    "Review",
    "Move",
    "Rename",
    "Simplify",
    "Restore",
    "Explain",
];
const THINGS: [&str; 40] = [
    "invoice",
    "address form",
    "password reset",
    "export of orders",
    "price list",
    "nightly backup",
    "search index",
    "mail queue",
    "login page",
    "dashboard",
    "audit log",
    "tax table",
    "shipping label",
    "stock count",
    "customer import",
    "rate limit",
    "session cookie",
    "image upload",
    "chapter on rights",
    "index of figures",
    "release notes",
    "error page",
    "payment retry",
    "calendar feed",
    "webhook",
    "user guide",
    "translation memory",
    "report of returns",
    "discount code",
    "contract template",
    "support queue",
    "data retention",
    "map view",
    "time zone menu",
    "print layout",
    "font licence",
    "cover page",
    "glossary",
    "status mail",
    "survey",
];
const REASONS: [&str; 16] = [
    "before the audit",
    "for the next release",
    "as the customer asked",
    "after the migration",
    "on small screens",
    "for large accounts",
    "in the test system",
    "without downtime",
    "in all languages",
    "for new staff",
    "on slow networks",
    "before the holidays",
    "with the new supplier",
    "for the archive",
    "in dark mode",
    "as agreed in review",
];
const SENTENCES: [&str; 16] = [
    "Two customers reported it last week and sent screenshots.",
    "The figures come from the warehouse and are a day old.",
    "It has to work with the old contracts as well.",
    "Nobody has touched this part since the move to the new server.",
    "The first attempt was rolled back because the totals did not match.",
    "Ask the people in accounting before any text is changed.",
    "A test should show the fault before it is repaired.",
    "The limit of five hundred rows is too small for them.",
    "What is written in the guide does not agree with the page.",
    "The supplier sends the file at night, sometimes twice.",
    "Half of the addresses have no country, which the form requires.",
    "There is a workaround: open the page again after a minute.",
    "The decision was to keep the old behaviour for one more release.",
    "Prices are rounded per line, and the sum is rounded again.",
    "It takes eleven seconds, of which ten are spent waiting.",
    "The reader should find it without knowing the word for it.",
];

/// A title, whose ticket number only this item has.
pub(super) fn title(drawn: u64, n: usize) -> String {
    let (verb, thing) = (pick(&VERBS, drawn), pick(&THINGS, drawn >> 8));
    format!("{verb} the {thing} {} (T{n:07})", pick(&REASONS, drawn >> 16))
}

/// Three to six sentences.
pub(super) fn description(drawn: u64) -> String {
    let count = 3 + drawn % 4;
    let sentences: Vec<&str> = (0..count).map(|nth| pick(&SENTENCES, drawn >> (4 + 5 * nth))).collect();
    sentences.join(" ")
}
