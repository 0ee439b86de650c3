#!/bin/bash
# Makes a folder with the tasks of Taskmaster, by its own program and without any model: taskmaster.sh PROGRAM FOLDER
set -eu
program=$1 folder=$2
mkdir -p "$folder"
cd "$folder"
taskmaster() { "$program" "$@" </dev/null >/dev/null; }
taskmaster init -y --name shop --no-git --no-git-tasks --no-aliases --skip-install --rules claude
# Parsing a requirements document makes this file otherwise, and needs a model.
mkdir -p .taskmaster/tasks
echo '{"master": {"tasks": []}}' >.taskmaster/tasks/tasks.json
taskmaster add-task --title "Build the shop" --description "Everything that is sold." \
    --details "Begin with the catalogue." --priority high
taskmaster add-task --title "Draw the page" --description "One page." --dependencies 1 --priority low
taskmaster add-task --title "Test it" --description "All of it." --dependencies 1,2
taskmaster add-subtask --parent 1 --title "Choose a colour" --description "Blue or green."
taskmaster add-subtask --parent 1 --title "Paint" --description "With that colour." --dependencies 1.1
taskmaster set-status --id 1.1 --status done
taskmaster set-status --id 2 --status in-progress
taskmaster set-status --id 3 --status deferred
taskmaster tags add feature-login --description "Another list"
taskmaster tags use feature-login
taskmaster add-task --title "Log in" --description "With a password." --priority medium
taskmaster set-status --id 1 --status cancelled
cat .taskmaster/tasks/tasks.json
