//! The clients, a row each. docs/clients.md says for each which page of its documentation the row follows.

use super::{
    client::{Client, Files, Format, Frame, HookForm, Hooks, Rules},
    entry::Shape,
    places::{Base, Spot},
};

/// Where most clients keep their servers.
const MCP_SERVERS: &[&[&str]] = &[&["mcpServers"]];

/// The folder of Cline's extension.
const CLINE_EXTENSION: &str = "Code/User/globalStorage/saoudrizwan.claude-dev";

/// Every client that can be set up.
pub(crate) static CLIENTS: &[Client] = &[
    Client {
        id: "claude-code",
        title: "Claude Code",
        programs: &["claude"],
        folders: &[Spot(Base::Claude, "")],
        entry: Format::Json(MCP_SERVERS, Shape::Stdio),
        user: Files {
            config: &[Spot(Base::ClaudeState, ".claude.json")],
            hooks: Some(Hooks { file: Spot(Base::Claude, "settings.json"), form: HookForm::Claude }),
            rules: Some(Rules::Own(Spot(Base::Claude, "skills/task-orchestrator/SKILL.md"), Frame::Skill)),
        },
        project: Some(Files {
            config: &[Spot(Base::Project, ".mcp.json")],
            hooks: Some(Hooks {
                file: Spot(Base::Project, ".claude/settings.local.json"),
                form: HookForm::Claude,
            }),
            rules: Some(Rules::Own(
                Spot(Base::Project, ".claude/skills/task-orchestrator/SKILL.md"),
                Frame::Skill,
            )),
        }),
        note: None,
        project_note: Some(
            "Claude Code asks once before it starts a server of a project: run `claude` here.",
        ),
    },
    Client {
        id: "claude-desktop",
        title: "Claude Desktop",
        programs: &[],
        folders: &[Spot(Base::Application, "Claude")],
        entry: Format::Json(MCP_SERVERS, Shape::Plain),
        user: Files {
            config: &[Spot(Base::Application, "Claude/claude_desktop_config.json")],
            hooks: None,
            rules: None,
        },
        project: None,
        note: Some("Quit and start Claude Desktop again."),
        project_note: None,
    },
    Client {
        id: "cursor",
        title: "Cursor",
        programs: &["cursor", "cursor-agent"],
        folders: &[Spot(Base::Home, ".cursor")],
        entry: Format::Json(MCP_SERVERS, Shape::Plain),
        user: Files {
            config: &[Spot(Base::Home, ".cursor/mcp.json")],
            hooks: Some(Hooks { file: Spot(Base::Home, ".cursor/hooks.json"), form: HookForm::Cursor }),
            rules: Some(Rules::Own(
                Spot(Base::Home, ".cursor/skills/task-orchestrator/SKILL.md"),
                Frame::Skill,
            )),
        },
        project: Some(Files {
            config: &[Spot(Base::Project, ".cursor/mcp.json")],
            hooks: Some(Hooks { file: Spot(Base::Project, ".cursor/hooks.json"), form: HookForm::Cursor }),
            rules: Some(Rules::Own(
                Spot(Base::Project, ".cursor/rules/task-orchestrator.mdc"),
                Frame::Cursor,
            )),
        }),
        note: None,
        project_note: None,
    },
    Client {
        id: "vscode",
        title: "VS Code",
        programs: &["code"],
        folders: &[Spot(Base::Application, "Code")],
        entry: Format::Json(&[&["servers"]], Shape::Stdio),
        user: Files {
            config: &[Spot(Base::Application, "Code/User/mcp.json")],
            hooks: Some(Hooks {
                file: Spot(Base::Home, ".copilot/hooks/task-orchestrator.json"),
                form: HookForm::VsCode,
            }),
            rules: Some(Rules::Own(
                Spot(Base::Home, ".copilot/skills/task-orchestrator/SKILL.md"),
                Frame::Skill,
            )),
        },
        project: Some(Files {
            config: &[Spot(Base::Project, ".vscode/mcp.json")],
            hooks: Some(Hooks {
                file: Spot(Base::Project, ".github/hooks/task-orchestrator.json"),
                form: HookForm::VsCode,
            }),
            rules: Some(Rules::Own(
                Spot(Base::Project, ".github/instructions/task-orchestrator.instructions.md"),
                Frame::Instructions,
            )),
        }),
        note: None,
        project_note: None,
    },
    Client {
        id: "codex",
        title: "Codex",
        programs: &["codex"],
        folders: &[Spot(Base::Codex, "")],
        entry: Format::Toml,
        user: Files {
            config: &[Spot(Base::Codex, "config.toml")],
            hooks: Some(Hooks { file: Spot(Base::Codex, "hooks.json"), form: HookForm::Codex }),
            rules: Some(Rules::Block(Spot(Base::Codex, "AGENTS.md"))),
        },
        project: Some(Files {
            config: &[Spot(Base::Project, ".codex/config.toml")],
            hooks: Some(Hooks { file: Spot(Base::Project, ".codex/hooks.json"), form: HookForm::Codex }),
            rules: Some(Rules::Block(Spot(Base::Project, "AGENTS.md"))),
        }),
        note: Some("Codex runs a new hook only after you have trusted it: /hooks."),
        project_note: Some(
            "Codex reads a project's files only where you trust the project: run `codex` here.",
        ),
    },
    Client {
        id: "gemini-cli",
        title: "Gemini CLI",
        programs: &["gemini"],
        folders: &[Spot(Base::Home, ".gemini")],
        entry: Format::Json(MCP_SERVERS, Shape::Plain),
        user: Files {
            config: &[Spot(Base::Home, ".gemini/settings.json")],
            hooks: Some(Hooks { file: Spot(Base::Home, ".gemini/settings.json"), form: HookForm::Gemini }),
            rules: Some(Rules::Block(Spot(Base::Home, ".gemini/GEMINI.md"))),
        },
        project: Some(Files {
            config: &[Spot(Base::Project, ".gemini/settings.json")],
            hooks: Some(Hooks { file: Spot(Base::Project, ".gemini/settings.json"), form: HookForm::Gemini }),
            rules: Some(Rules::Block(Spot(Base::Project, "GEMINI.md"))),
        }),
        note: Some(
            "Gemini CLI starts no server in a folder that you do not trust: run `gemini` there, then /permissions.",
        ),
        project_note: None,
    },
    Client {
        id: "windsurf",
        title: "Windsurf",
        programs: &["windsurf"],
        folders: &[Spot(Base::Home, ".codeium/windsurf")],
        entry: Format::Json(MCP_SERVERS, Shape::Plain),
        user: Files {
            config: &[Spot(Base::Home, ".codeium/windsurf/mcp_config.json")],
            hooks: None,
            rules: Some(Rules::Block(Spot(Base::Home, ".codeium/windsurf/memories/global_rules.md"))),
        },
        project: Some(Files {
            config: &[],
            hooks: None,
            rules: Some(Rules::Own(
                Spot(Base::Project, ".windsurf/rules/task-orchestrator.md"),
                Frame::Windsurf,
            )),
        }),
        note: None,
        project_note: None,
    },
    Client {
        id: "zed",
        title: "Zed",
        programs: &["zed", "zeditor"],
        folders: &[Spot(Base::XdgOrAppData, "zed")],
        entry: Format::Json(&[&["context_servers"]], Shape::WithArguments),
        user: Files {
            config: &[Spot(Base::XdgOrAppData, "zed/settings.json")],
            hooks: None,
            rules: Some(Rules::Block(Spot(Base::XdgOrAppData, "zed/AGENTS.md"))),
        },
        project: Some(Files {
            config: &[Spot(Base::Project, ".zed/settings.json")],
            hooks: None,
            rules: Some(Rules::Block(Spot(Base::Project, "AGENTS.md"))),
        }),
        note: None,
        project_note: None,
    },
    Client {
        id: "kiro",
        title: "Kiro",
        programs: &["kiro", "kiro-cli"],
        folders: &[Spot(Base::Home, ".kiro")],
        entry: Format::Json(MCP_SERVERS, Shape::WithArguments),
        user: Files {
            config: &[Spot(Base::Home, ".kiro/settings/mcp.json")],
            hooks: Some(Hooks {
                file: Spot(Base::Home, ".kiro/hooks/task-orchestrator.json"),
                form: HookForm::Kiro,
            }),
            rules: Some(Rules::Own(Spot(Base::Home, ".kiro/steering/task-orchestrator.md"), Frame::Steering)),
        },
        project: Some(Files {
            config: &[Spot(Base::Project, ".kiro/settings/mcp.json")],
            hooks: Some(Hooks {
                file: Spot(Base::Project, ".kiro/hooks/task-orchestrator.json"),
                form: HookForm::Kiro,
            }),
            rules: Some(Rules::Own(
                Spot(Base::Project, ".kiro/steering/task-orchestrator.md"),
                Frame::Steering,
            )),
        }),
        note: None,
        project_note: None,
    },
    Client {
        id: "cline",
        title: "Cline",
        programs: &["cline"],
        folders: &[Spot(Base::Home, ".cline"), Spot(Base::Application, CLINE_EXTENSION)],
        entry: Format::Json(MCP_SERVERS, Shape::Plain),
        user: Files {
            // The second is the extension's of before it shared its settings with the command line.
            config: &[
                Spot(Base::Home, ".cline/data/settings/cline_mcp_settings.json"),
                Spot(
                    Base::Application,
                    "Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json",
                ),
            ],
            // Read by both.
            hooks: Some(Hooks {
                file: Spot(Base::Home, "Documents/Cline/Hooks"),
                form: HookForm::ClineScripts,
            }),
            rules: Some(Rules::Own(
                Spot(Base::Home, "Documents/Cline/Rules/task-orchestrator.md"),
                Frame::Plain,
            )),
        },
        project: Some(Files {
            config: &[],
            hooks: None,
            rules: Some(Rules::Own(Spot(Base::Project, ".clinerules/task-orchestrator.md"), Frame::Plain)),
        }),
        note: None,
        project_note: None,
    },
    Client {
        id: "opencode",
        title: "OpenCode",
        programs: &["opencode"],
        folders: &[Spot(Base::Xdg, "opencode")],
        // Version 2 has its servers in mcp.servers and reads version 1's form in mcp as well; version 1 reads only that.
        entry: Format::Json(&[&["mcp", "servers"], &["mcp"]], Shape::OpenCode),
        user: Files {
            config: &[Spot(Base::Xdg, "opencode/opencode.json"), Spot(Base::Xdg, "opencode/opencode.jsonc")],
            hooks: None,
            rules: Some(Rules::Block(Spot(Base::Xdg, "opencode/AGENTS.md"))),
        },
        project: Some(Files {
            config: &[Spot(Base::Project, "opencode.json"), Spot(Base::Project, "opencode.jsonc")],
            hooks: None,
            rules: Some(Rules::Block(Spot(Base::Project, "AGENTS.md"))),
        }),
        note: None,
        project_note: None,
    },
];

/// The client of that name.
pub(crate) fn client(id: &str) -> Option<&'static Client> {
    CLIENTS.iter().find(|client| client.id == id)
}
