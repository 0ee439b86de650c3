//! What one page's examples happen in: a home folder of their own, a shell, and an agent for each name.

use std::{collections::HashMap, process::Command};

use e2e::{McpClient, TestEnv, Value, binary};

use crate::{
    fences::Fence,
    matching::{Ids, same, same_line},
    terminal::Terminal,
};

/// The world of one page, in which its examples happen in the order of the page.
pub(crate) struct World {
    ids: Ids,
    agents: HashMap<String, McpClient>,
    terminal: Terminal,
    env: TestEnv,
}

impl World {
    pub(crate) fn new() -> Self {
        let env = TestEnv::new();
        let programs = binary("task-orchestrator").parent().expect("the programs' folder").to_owned();
        let mut bash = Command::new("bash");
        bash.env_clear()
            .current_dir(env.home())
            .env("HOME", env.home())
            .env("USER", "you")
            .env("LC_ALL", "C.UTF-8");
        bash.env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", programs.display()));
        Self { ids: Ids::default(), agents: HashMap::new(), terminal: Terminal::start(bash), env }
    }

    /// Types a block's commands (`$ `, continued by `> `), and compares what is printed.
    pub(crate) fn console(&mut self, block: &Fence) -> Result<(), String> {
        for (command, shown) in
            steps(&block.text, |line| line.strip_prefix("$ "), |line| line.strip_prefix("> "))
        {
            let printed = self.terminal.run(&self.ids.of_this_run(&command))?.join("\n");
            let printed = printed.replace(&*self.env.home().to_string_lossy(), "/home/you");
            let printed = self.ids.of_the_page(&printed, &shown.join("\n"));
            let lines: Vec<&str> = printed.lines().collect();
            let shown: Vec<&str> = shown.iter().map(String::as_str).collect();
            if !same(&shown, &lines) {
                return Err(format!(
                    "$ {command}\nthe page shows:\n{}\nprinted is:\n{printed}",
                    shown.join("\n")
                ));
            }
        }
        Ok(())
    }

    /// Makes a block's calls (`ann> get_next_item(claim=true)`), and compares the answers, line breaks aside.
    pub(crate) fn agents(&mut self, block: &Fence) -> Result<(), String> {
        for (text, shown) in
            steps(&block.text, |line| has_caller(line).then_some(line), |line| line.strip_prefix("  "))
        {
            let (name, call) = text.split_once("> ").ok_or("a call has a caller")?;
            let (tool, arguments) =
                call_of(&self.ids.of_this_run(call)).ok_or_else(|| format!("no call: {call}"))?;
            let env = &self.env;
            let agent = self.agents.entry(name.to_owned()).or_insert_with(|| {
                let database = env.home().join(".local/share/task-orchestrator/tasks.db");
                env.client().set("TASK_ORCHESTRATOR_DB", database).agent(name).connect()
            });
            let shown = shown.join("\n");
            let answer = self.ids.of_the_page(&agent.call(&tool, arguments).raw_text, &shown);
            let tight = |text: &str| text.split_whitespace().collect::<String>();
            if !same_line(&tight(&shown), &tight(&answer)) {
                return Err(format!("{text}\nthe page shows:\n{shown}\nthe answer is:\n{answer}"));
            }
        }
        Ok(())
    }

    /// Takes a block as config.yaml: the user's, or a project's where its first line says so. One whose first line names its
    /// place in the home folder stays there.
    pub(crate) fn yaml(&mut self, block: &Fence) -> Result<(), String> {
        if block.first() == "# ~/.config/task-orchestrator/config.yaml" {
            self.env.write_config(&block.text);
        }
        let env = TestEnv::new();
        let mut client = env.client();
        if block.first().contains(".taskorchestrator/config.yaml") {
            client = client.within(&env.project("shop", &block.text));
        } else {
            env.write_config(&block.text);
        }
        match &client.connect().ok("get_context", Value::Object(Default::default()))["config_error"] {
            Value::Null => Ok(()),
            error => Err(format!("as config.yaml it is refused: {error}")),
        }
    }
}

/// Each first line with those that continue it, and the lines below up to the next one.
fn steps<'t>(
    text: &'t str,
    first: impl Fn(&'t str) -> Option<&'t str>,
    more: impl Fn(&'t str) -> Option<&'t str>,
) -> Vec<(String, Vec<String>)> {
    let mut out: Vec<(String, Vec<String>)> = Vec::new();
    for line in text.lines() {
        match (first(line), out.last_mut()) {
            (Some(begun), _) => out.push((begun.to_owned(), Vec::new())),
            (None, Some((command, shown))) => match more(line) {
                Some(rest) if shown.is_empty() => {
                    command.push('\n');
                    command.push_str(rest);
                }
                _ => shown.push(line.to_owned()),
            },
            (None, None) => {
                out.push((format!("echo 'the block begins with no command'; false # {line}"), Vec::new()))
            }
        }
    }
    for (_, shown) in &mut out {
        while shown.last().is_some_and(|line| line.trim().is_empty()) {
            shown.pop();
        }
    }
    out
}

/// Whether a line is `name> …`.
fn has_caller(line: &str) -> bool {
    let name = line.split_once("> ").map(|(name, _)| name).unwrap_or_default();
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase())
}

/// `tool(key=JSON, key=JSON)`.
fn call_of(text: &str) -> Option<(String, Value)> {
    let (tool, mut rest) = text.split_once('(')?;
    let mut arguments = serde_json::Map::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
        if let Some(end) = rest.strip_prefix(')') {
            return end.trim().is_empty().then(|| (tool.to_owned(), Value::Object(arguments)));
        }
        let (key, after) = rest.split_once('=')?;
        // The reader of several values wants a gap behind true, false and numbers.
        let end = match after.starts_with(['{', '[', '"']) {
            true => {
                let mut values = serde_json::Deserializer::from_str(after).into_iter::<Value>();
                values.next()?.ok()?;
                values.byte_offset()
            }
            false => after.find([',', ')'])?,
        };
        arguments.insert(key.trim().to_owned(), after[..end].parse().ok()?);
        rest = &after[end..];
    }
}
