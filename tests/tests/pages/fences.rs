//! The blocks of a page of Markdown.

/// A block between two fences.
#[derive(Debug)]
pub(crate) struct Fence {
    /// The word behind the opening fence; empty where there is none.
    pub(crate) language: String,
    /// What stands between the fences.
    pub(crate) text: String,
    /// Where it opens, counted from 1.
    pub(crate) line: usize,
    /// Whether its examples begin with an empty store: behind `<!-- a new store -->`.
    pub(crate) anew: bool,
}

impl Fence {
    /// Its first line, by which lists name it.
    pub(crate) fn first(&self) -> &str {
        self.text.lines().next().unwrap_or_default()
    }
}

/// Every fenced block, in the order of the page.
pub(crate) fn fences(page: &str) -> Vec<Fence> {
    let mut out: Vec<Fence> = Vec::new();
    let (mut open, mut anew) = (false, false);
    for (number, line) in page.lines().enumerate() {
        anew |= line == "<!-- a new store -->";
        match line.trim_start().strip_prefix("```") {
            Some(_) if open => open = false,
            Some(language) => {
                open = true;
                out.push(Fence {
                    language: language.trim().to_owned(),
                    text: String::new(),
                    line: number + 1,
                    anew: std::mem::take(&mut anew),
                });
            }
            None if open => {
                let block = out.last_mut().expect("an open block was pushed");
                block.text.push_str(line);
                block.text.push('\n');
            }
            None => {}
        }
    }
    out
}

/// Lines of blocks that are marked by indentation alone and look like commands: nobody would run them.
pub(crate) fn indented_commands(page: &str) -> Vec<(usize, String)> {
    let mut open = false;
    let mut found = Vec::new();
    for (number, line) in page.lines().enumerate() {
        open ^= line.trim_start().starts_with("```");
        let Some(code) = line.strip_prefix("    ").filter(|_| !open) else { continue };
        if ["task-orchestrator ", "cargo ", "sh ", "$ ", "curl "].iter().any(|start| code.starts_with(start))
        {
            found.push((number + 1, code.to_owned()));
        }
    }
    found
}
