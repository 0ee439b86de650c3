#!/bin/bash
# Makes a folder with the tasks of Backlog.md, by its own program: backlog.sh PROGRAM FOLDER
# Every kind of file it has: tasks with all fields, subtasks, dependencies, drafts, completed, archived, milestones, a document.
set -eu
program=$1 folder=$2
mkdir -p "$folder"
cd "$folder"
git init -q . 2>/dev/null || true
backlog() { "$program" "$@" </dev/null >/dev/null; }
backlog init "Garden shop" --defaults --integration-mode none --no-git
backlog milestone add "Opening day" --description "The doors open." || true
backlog task create "Build the shop" --description $'Everything that is sold.\n\n* fast\n* safe' \
    --ac "It sells" --ac "It ships" --dod "Reviewed" -a @ann -l web,shop --priority high --type feature \
    --milestone "Opening day" --ref https://example.org/plan --due-date 2031-05-06
backlog task create "Draw the page" -p TASK-1 --priority low
backlog task create "Write the texts" -p TASK-1 --dep TASK-1.1
backlog task create "Choose a colour" --status "In Progress" --plan $'1. look\n2. choose' --notes "Blue so far." --dep TASK-1
backlog task create "Old finished thing" --status Done --final-summary "All of it works."
backlog task create "Given up" --priority medium
backlog task create "Moved to completed" --status Done
backlog task create "An idea" --draft
backlog task archive TASK-4
backlog task complete TASK-5 || true
backlog doc create "How we work" || true
ls -R backlog
