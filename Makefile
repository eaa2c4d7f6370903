# Everything a person types. `make` alone lists it; options go through ARGS, as in  make run ARGS="--source demo"

DEVICE := .venv/bin/python
TRAINING := .venv-train/bin/python
ARGS ?=
MODULE ?=
PYTHON ?=

export PYTHON
unexport PYTHONDONTWRITEBYTECODE # with it each process of the tests would compile all anew
.DEFAULT_GOAL := help
OS ?=
ifneq ($(origin HOST),command line)
HOST := # some shells set one, which names this machine
endif
REMOTE = --host '$(HOST)' $(if $(PORT),--port '$(PORT)') $(if $(KEY),--key '$(KEY)')
NETWORK = $(REMOTE) $(if $(OS),--os '$(OS)') $(if $(BUNDLE),--bundle '$(BUNDLE)')
DEV ?=
CARD = --device '$(DEV)' --image '$(IMAGE)' $(if $(SHA256),--sha256 '$(SHA256)') $(if $(CONFIG),--config '$(CONFIG)') \
    $(if $(SECRETS),--secrets '$(SECRETS)') $(if $(NAME),--name '$(NAME)') $(if $(BUNDLE),--bundle '$(BUNDLE)') \
    $(if $(SCREEN),--screen '$(SCREEN)') $(if $(filter-out 0,$(DRY_RUN)),--dry-run)
.PHONY: help run photo doctor bench field-test bundle flash status logs rollback train quantize noise evaluate calibrate \
        test test-slow test-arm64 test-vm test-picamera2 lint golden mutants setup training lock format clean

help: ## list what can be done
	@awk -F ':.*## ' '/^##@ / {printf "\n%s\n", substr($$0, 5)} \
	    /^[a-z0-9-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

##@ See ages, with this machine's camera or the demo

run: setup ## watch a camera, or the built-in demo, and show each person's age
	@$(DEVICE) -m device run $(ARGS)

photo: setup ## ages of the faces in still pictures: ARGS="a.jpg b.jpg"
	@$(DEVICE) -m device photo $(ARGS)

doctor: setup ## say what this machine has, and whether the main job can run on it
	@$(DEVICE) -m device doctor $(ARGS)

bench: setup ## measure time and memory of every stage on this machine
	@$(DEVICE) -m device bench $(ARGS)

OUT ?= field-tests
field-test: setup ## go through a test of the site, step by step; the page is kept in OUT=field-tests
	@$(DEVICE) -m device field-test --out '$(OUT)' $(ARGS)

##@ Put it on a Raspberry Pi

bundle: setup ## everything a device needs in one file: OS=bookworm or trixie, without it both
	@deploy/venv.sh .venv-deploy deploy/requirements.txt
	@$(DEVICE) -m deploy bundle $(if $(OS),--os $(OS)) $(ARGS)

flash: setup ## put it on a Pi, by HOST=pi@kiosk.local or a card (DEV=); alone it says all that it can do
	@$(if $(HOST)$(DEV),deploy/venv.sh .venv-deploy deploy/requirements.txt)
	@$(DEVICE) -m deploy $(if $(DEV),card $(CARD),flash $(if $(HOST),$(NETWORK))) $(ARGS)

status logs rollback: setup
	@$(DEVICE) -m deploy $@ $(REMOTE) $(ARGS)

status: ## what runs on HOST, how it is, which guards are in force
logs: ## the last lines of its journal
rollback: ## the release before, on HOST; the same again comes back

##@ Train a network of your own

train: training ## train the age network: ARGS="--data faces.zip"
	@$(TRAINING) -m models train $(ARGS)

quantize: training ## turn the trained network into the int8 file that ships
	@$(TRAINING) -m models quantize $(ARGS)

noise: setup ## learn how far a new network's estimates are off: ARGS="--faces faces.zip"
	@$(DEVICE) -m models noise $(ARGS)

evaluate: setup ## measure the shipped file on faces of known age: ARGS="--data faces.zip"
	@$(DEVICE) -m models evaluate $(ARGS)

calibrate: setup ## make the faces that set the int8 ranges anew: ARGS="capture FOLDER" takes a site's own
	@$(DEVICE) -m calibration $(or $(ARGS),build)

##@ Change the code

test: setup ## run the tests
	@$(DEVICE) -m pytest -n 4 --dist loadfile $(ARGS)

test-slow: setup ## run the tests that take minutes: every command of the README, fuzz, soak
	@$(DEVICE) -m pytest -m slow $(ARGS)

test-arm64: setup ## run models and tests on emulated Raspberry Pi 4 and 5 processors
	@$(DEVICE) -m pytest -m arm64 -n 2 --dist loadgroup tests/arm64 -v $(ARGS)

test-vm: setup ## flash, break and cut off emulated machines: ARGS="-m quick -k bookworm" is CI's form
	@deploy/venv.sh .venv-deploy deploy/requirements.txt
	@$(DEVICE) -m pytest -m vm tests/vm -v $(ARGS)

test-picamera2: setup ## open, read, stall and close libcamera's virtual camera with the real picamera2
	@$(DEVICE) -m pytest -m picamera2 tests/picamera -v $(ARGS)

lint: setup ## check style, form and types
	@$(DEVICE) -m ruff check .
	@$(DEVICE) -m ruff format --check .
	@$(DEVICE) -m mypy

format: setup ## bring the code into its form
	@$(DEVICE) -m ruff check --fix --quiet .
	@$(DEVICE) -m ruff format --quiet .

golden: setup ## write the tests' golden values anew and show what moved: ARGS=--check only shows
	@$(DEVICE) -m tests.golden $(ARGS)

mutants: setup ## count the small faults that the tests notice: MODULE=device/faces/alignment.py, or all of its list
	@nice $(DEVICE) -m tests.mutation $(MODULE) $(ARGS)

##@ Environments

setup: ## make .venv with what device and tests need, and fetch the face detector's files
	@deploy/venv.sh .venv device/requirements.txt tests/requirements.txt
	@$(DEVICE) -m models.fetch

training: setup ## make .venv-train, TensorFlow and PyTorch beside the application: 2.4 GB and more, said before
	@deploy/training.sh
	@$(TRAINING) -m models.fetch
	@$(DEVICE) -m models.fetch --training

lock: ## resolve the pinned requirement files anew, from pyproject.toml (needs uv)
	@set -e; mkdir -p .cache; pin() { uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	    --custom-compile-command 'make lock' "$$@"; }; \
	pin pyproject.toml -o device/requirements.txt; \
	pin --group test -c device/requirements.txt -o tests/requirements.txt; \
	pin --group pyproject.toml:deploy -o deploy/requirements.txt; \
	cat models/requirements.txt models/torch-cuda.txt > .cache/train.txt; \
	pin --group train -c tests/requirements.txt -o .cache/train.txt; \
	awk '/^[a-z]/ {cuda = /^(torch|triton|nvidia|cuda)/} \
	    {print > ("models/" (cuda ? "torch-cuda" : "requirements") ".txt")}' .cache/train.txt

clean: ## remove environments, fetched files and caches; training runs and what is tracked stay
	@rm -rf .venv .venv-train .venv-deploy dist .cache .pytest_cache .ruff_cache .hypothesis models/fetched calibration/fetched
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
