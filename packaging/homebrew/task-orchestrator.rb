# Builds from a release's source archive. For a tap: copy it there, and fill in `url` and `sha256` of the release.
class TaskOrchestrator < Formula
  desc "One persistent work graph for all agent sessions of a machine, served over MCP"
  homepage "https://example.invalid/task-orchestrator"
  url "https://example.invalid/task-orchestrator-0.1.0.tar.gz"
  sha256 "0000000000000000000000000000000000000000000000000000000000000000"
  license "MIT"

  depends_on "rust" => :build

  def install
    system "cargo", "install", *std_cargo_args(path: "daemon"), "--bin", "task-orchestrator"
    system "cargo", "install", *std_cargo_args(path: "shim")
    generate_completions_from_executable(bin/"task-orchestrator", "completions")
    system bin/"task-orchestrator", "man", "--out", man1
  end

  def caveats
    <<~TEXT
      Tell your MCP clients:
        task-orchestrator setup
      Have launchd run the daemon for good (not needed, a session starts it):
        task-orchestrator service install
    TEXT
  end

  test do
    ENV["TASK_ORCHESTRATOR_DB"] = (testpath/"tasks.db").to_s
    assert_match "\"title\":\"A task\"", shell_output("#{bin}/task-orchestrator call manage_items operation=create title='A task'")
    system bin/"task-orchestrator", "stop"
  end
end
