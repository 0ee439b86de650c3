//! Rules as text: a block between two markers in a file that others write too, or a file of our own that bears its sum, so
//! that one who has edited it does not lose what was written.

use sha2::{Digest, Sha256};

use super::json::Fault;

const BEGIN: &str =
    "<!-- task-orchestrator:begin (written by `task-orchestrator setup`; changes in here are lost) -->";
const END: &str = "<!-- task-orchestrator:end -->";
/// What markers begin with, whichever version wrote them.
const BEGINS: &str = "<!-- task-orchestrator:begin";
/// The words before a file's sum.
const SIGN: &str = "written by task-orchestrator setup, sum ";
/// Where a template wants its sign.
pub(super) const SIGN_HERE: &str = "{sign}";

/// The text with our block: where it is, else at the end. A text that does not end its last line gets a block that does not
/// either.
pub(super) fn put_block(text: &str, body: &str) -> Result<String, Fault> {
    let eol = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let block = format!("{BEGIN}\n{}\n{END}", body.trim_end()).replace('\n', eol);
    if let Some((start, end)) = find(text)? {
        return Ok(format!("{}{block}{}", &text[..start], &text[end..]));
    }
    Ok(match text.trim_start_matches('\u{feff}') {
        "" => format!("{text}{block}{eol}"),
        closed if closed.ends_with('\n') => format!("{text}{eol}{block}{eol}"),
        _ => format!("{text}{eol}{eol}{block}"),
    })
}

/// The text without our block, as it was `before`. `None`: nothing is left of a file that was not there before.
pub(super) fn take_block(text: &str, before: Option<&str>) -> Result<Option<String>, Fault> {
    let Some((start, end)) = find(text)? else { return Ok(Some(text.to_owned())) };
    let head = &text[..start];
    let line = |text: &str| text.strip_suffix('\n').map(|text| text.strip_suffix('\r').unwrap_or(text).len());
    let first = line(head).unwrap_or(head.len());
    let start = if end == text.len() { line(&head[..first]).unwrap_or(first) } else { first };
    let tail =
        text[end..].strip_prefix("\r\n").or_else(|| text[end..].strip_prefix('\n')).unwrap_or(&text[end..]);
    let kept = format!("{}{tail}", &text[..start]);
    match before {
        Some(before) if before.trim() == kept.trim() => Ok(Some(before.to_owned())),
        None if kept.trim().is_empty() => Ok(None),
        _ => Ok(Some(kept)),
    }
}

/// Where the block begins and ends.
fn find(text: &str) -> Result<Option<(usize, usize)>, Fault> {
    let Some(start) = text.find(BEGINS) else { return Ok(None) };
    let Some(length) = text[start..].find(END) else {
        return Err(Fault::at(text, start, format!("the block that begins here has no '{END}'")));
    };
    Ok(Some((start, start + length + END.len())))
}

/// A template with its sign in the line that holds [`SIGN_HERE`].
pub(super) fn signed(template: &str) -> String {
    let sign = format!("{SIGN}{}", sum(&without_line(template, SIGN_HERE)));
    template.replace(SIGN_HERE, &sign)
}

/// Who wrote a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Writer {
    /// We did, and nobody has changed it.
    Setup,
    /// We did, and somebody has changed it.
    Edited,
    /// Somebody else.
    Other,
}

/// Who wrote a text.
pub(super) fn writer(text: &str) -> Writer {
    let text = text.replace("\r\n", "\n");
    let Some(at) = text.find(SIGN) else { return Writer::Other };
    let claimed = text.get(at + SIGN.len()..).unwrap_or_default().chars().take_while(char::is_ascii_hexdigit);
    let claimed: String = claimed.collect();
    if claimed == sum(&without_line(&text, SIGN)) { Writer::Setup } else { Writer::Edited }
}

fn without_line(text: &str, words: &str) -> String {
    text.lines().filter(|line| !line.contains(words)).map(|line| format!("{line}\n")).collect()
}

/// 16 hexadecimal digits.
pub(super) fn sum(text: &str) -> String {
    Sha256::digest(text).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_goes_as_it_came() {
        for before in ["", "x", "x\n", "x\n\n", "# A\r\n\r\ntext\r\n", "# A\r\ntext", "\u{feff}x\n"] {
            let with = put_block(before, "body\nmore\n").unwrap();
            assert_eq!(put_block(&with, "body\nmore").unwrap(), with, "twice is once: {before:?}");
            assert_eq!(take_block(&with, Some(before)).unwrap().as_deref(), Some(before));
            let other = put_block(&with, "another body").unwrap();
            assert_eq!(take_block(&other, Some(before)).unwrap().as_deref(), Some(before));
            if !before.trim_start_matches('\u{feff}').is_empty() {
                assert_eq!(
                    take_block(&with, None).unwrap().as_deref(),
                    Some(before),
                    "without knowing: {before:?}"
                );
            }
        }
        assert_eq!(take_block(&put_block("", "b").unwrap(), None).unwrap(), None);
    }

    #[test]
    fn what_came_around_a_block_stays() {
        let with = put_block("mine\n", "body").unwrap();
        let more = format!("first\n{with}last\n");
        assert_eq!(take_block(&more, Some("mine\n")).unwrap().as_deref(), Some("first\nmine\nlast\n"));
    }

    #[test]
    fn a_block_without_an_end_is_left_alone() {
        let fault = put_block("a\nb <!-- task-orchestrator:begin -->\n", "body").unwrap_err();
        assert_eq!((fault.line, fault.column), (2, 3));
    }

    #[test]
    fn a_file_knows_whether_it_was_edited() {
        let text = signed("# A\n<!-- {sign} -->\nbody\n");
        assert_eq!(writer(&text), Writer::Setup);
        assert_eq!(writer(&text.replace('\n', "\r\n")), Writer::Setup);
        assert_eq!(writer(&text.replace("body", "my body")), Writer::Edited);
        assert_eq!(writer("# A\nbody\n"), Writer::Other);
    }
}
