# What one can do here; each target is a script one can read. The first build takes about ten minutes.
.DEFAULT_GOAL := help
.PHONY: help setup run demo chat chat-demo test lint e2e shots bench bench-ui fuzz bundle

help: ## Say what one can do here
	@sed -n 's/^\([a-z0-9-]*\):.*## /  make \1|/p' Makefile | awk -F'|' '{ printf "%-14s %s\n", $$1, $$2 }'

setup: ## Install what is missing for everything below
	@scripts/setup.sh all

run: ## Build Parley and open its window (RELEASE=1 for the optimised build)
	@scripts/setup.sh app
	@scripts/run.sh

demo: ## Open Parley with mail servers, mail and customers of this machine
	@scripts/setup.sh demo
	@scripts/demo.sh

chat: ## Build the website chat's script into widget/dist
	@scripts/setup.sh chat
	@npm --prefix widget run --silent build

chat-demo: ## Open Parley with a shop's website chat on this machine, to talk to oneself
	@scripts/setup.sh chat-demo
	@scripts/chat-demo.sh

test: ## Run every test: the window's, the engine's and the journeys through the real window
	@scripts/setup.sh test
	@scripts/test.sh

e2e: ## Run the journeys through the real window only
	@scripts/setup.sh test
	@scripts/e2e.sh

lint: ## Check form, types, licences and known vulnerabilities
	@scripts/setup.sh lint
	@scripts/lint.sh

fuzz: ## Try damaged input on every reader for longer (SECONDS=60 each)
	@scripts/setup.sh test
	@PARLEY_FUZZ_SECONDS=$(or $(SECONDS),60) cargo test --locked -p parley-engine --test fuzz -- --nocapture
	@scripts/properties.sh

shots: ## Take pictures of every screen, light and dark, in both directions, and those of the user guide
	@scripts/setup.sh test
	@scripts/shots.sh

bench-ui: ## Measure what a person feels, in the real window (N=10000 messages, PROFILE=debug for an unoptimised build)
	@scripts/setup.sh test
	@scripts/setup.sh bench-ui
	@scripts/bench-ui.sh $(or $(N),10000)

bench: ## Measure against the limits and the peers, and how fast news is painted (N=1000000 messages, ALONE=1 without the peers, WINDOW=0 without the window)
	@scripts/setup.sh bench
	@scripts/bench.sh $(if $(N),--n $(N)) $(if $(ALONE),--alone)

bundle: ## Build the packages (deb and rpm), install the deb, start it and remove it again
	@scripts/setup.sh bundle
	@scripts/bundle.sh
	@scripts/bundle-test.sh
