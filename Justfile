# Short names for the deployer's verbs. `./just` runs this file without an installed just or uv.

set positional-arguments

export PATH := justfile_directory() / ".venv/bin" + ":" + env("PATH")

# list the recipes
@_default:
    just --list --unsorted

# make AWS (or the local world) match env/ENV.yaml
@reconcile env *options: _sync
    deployer reconcile "$@"

# show what a reconcile would do, and why
@plan env *options: _sync
    deployer plan "$@"

# roll back to the last healthy release, or to another one: just rollback staging --to 41
@rollback *options: _sync
    deployer rollback "$@"

# build the commit's image, or push it to ECR: just image push staging
@image *arguments: _sync
    deployer image "$@"

# list the releases, newest first
@releases env *options: _sync
    deployer releases "$@"

# show whether users are served, which release runs, and what waits
@status env *options: _sync
    deployer status "$@"

# show the service's log: just logs staging --since 2h --follow
@logs env *options: _sync
    deployer logs "$@"

# count the messages that wait for an answer, and those that were given up
@inbox env *options: _sync
    deployer inbox "$@"

# list the messages that were given up, without their texts
@dead env *options: _sync
    deployer dead "$@"

# let the service answer messages that it gave up: just replay staging --all
@replay env *options: _sync
    deployer replay "$@"

# check everything that a deployment needs, and change nothing: just verify staging --decrypt
@verify env *options: _sync
    deployer verify "$@"

# check this machine, the credentials and their rights: just doctor staging
@doctor *options: _sync
    deployer doctor "$@"

# show what was changed outside the deployer, by whom and when
@drift env *options: _sync
    deployer drift "$@"

# create what an account needs before a deployment: just bootstrap staging --print
@bootstrap env *options: _sync
    deployer bootstrap "$@"

# write the manifest of a service that was made by hand: just adopt staging --service ansari-staging-whatsapp
@adopt env *options: _sync
    deployer adopt "$@"

# show how two environments differ: just diff staging production --secrets
@diff left right *options: _sync
    deployer diff "$@"

# deploy the image that is healthy in one environment to another: just promote staging production
@promote source env *options: _sync
    deployer promote "$@"

# print the variables of an environment for other tools: just export staging --format json
@export env *options: _sync
    deployer export "$@"

# delete an environment, after listing what is deleted and what is kept
@destroy env *options: _sync
    deployer destroy "$@"

# stop deployments for an incident, or show the current hold: just hold staging --reason "Meta outage"
@hold env *options: _sync
    deployer hold "$@"

# stop the service until it is resumed: users get no answers
@pause env *options: _sync
    deployer pause "$@"

# lift a hold, after showing who placed it and why; start a paused service
@resume env *options: _sync
    deployer resume "$@"

# replace every instance by a new one of the same release
@restart env *options: _sync
    deployer restart "$@"

# show and break a lock that was left behind
@unlock env *options: _sync
    deployer unlock "$@"

# report every problem in the manifests
@check *envs: _sync
    deployer check "$@"

# show what the service costs each month on each target, at least
@costs env *options: _sync
    deployer costs "$@"

# send a text as a WhatsApp user and print the answer (local world)
@say env +text: _sync
    deployer say "$@"

# start the local world without deploying
@up env="local": _sync
    deployer local up "$@"

# stop the local world and everything it started
@down env="local": _sync
    deployer local down "$@"

# kill an instance of the service, with its disk (local world)
@kill-instance env="local" *arguments: _sync
    deployer local kill-instance "$@"

# set, generate, replace, show and list secrets: just secret list staging
@secret *arguments: _sync
    deployer secret "$@"

# change a literal in its manifest: just set staging logging-level INFO
@set env name value *options: _sync
    deployer set "$@"

# add a variable: just add staging log-format json, or: just add staging metrics-token --secret
@add env name *options: _sync
    deployer add "$@"

# remove a variable: just remove staging log-format
@remove env name *options: _sync
    deployer remove "$@"

# render and run parts of the workflows: just ci render, just ci sbom
@ci *arguments: _sync
    deployer ci "$@"

# any other verb of the deployer
@deployer *arguments: _sync
    deployer "$@"

# run the tests in two processes per core, because they wait half of the time; -n 0 uses this process
@test *options: _sync-dev
    env -u PYTHONDONTWRITEBYTECODE pytest -n auto "$@"

# run the reliability suites at full size: every crash, every fault
@torture *options: _sync-dev
    pytest tests/torture --full -s "$@"

# run the benchmarks in a local world of their own: docs/contributing/speed.md
@bench *options: _sync-dev
    python -m bench "$@"

# list small changes of the code that no test notices: docs/contributing/mutants.md
@mutants *options: _sync-dev
    uv run --quiet --no-project --python .venv/bin/python --with mutmut==3.8.0 --with coverage==7.17.5 python -m bench.mutants "$@"

# check format, lint and types
@lint: _sync-dev
    ruff format --check .
    ruff check .
    mypy

# write the generated files again
@generate: _sync
    deployer schema manifest > env/manifest.schema.json
    deployer schema manifest --markdown > docs/reference/manifest.md
    deployer schema plan > docs/reference/plan.schema.json
    ansari-whatsapp settings > docs/reference/settings.md
    deployer ci render

# write the expected output of the plan cases again: read the difference in git
@golden: _sync-dev
    env -u DEPLOYER_JUST python -m tests.golden.case

# compile the lock files again, with the newest versions that fit
@lock:
    uv pip compile -q -U --universal --generate-hashes --no-header --python-version 3.11 pyproject.toml deployer/pyproject.toml --extra local -o requirements.lock
    uv pip compile -q -U --universal --generate-hashes --no-header --python-version 3.11 pyproject.toml -c requirements.lock -o requirements-service.lock
    uv pip compile -q -U --universal --generate-hashes --no-header --python-version 3.11 pyproject.toml deployer/pyproject.toml --extra local --group dev -c requirements.lock -o requirements-dev.lock
    uv pip compile -q -U --universal --generate-hashes --no-header --python-version 3.11 --group tools -o requirements-tools.lock
    uv pip compile -q -U --universal --generate-hashes --no-header --python-version 3.11 tests/torture/ministack.in -o tests/torture/ministack.lock

@_sync:
    ./.just/sync requirements.lock

@_sync-dev: _sync
    ./.just/sync requirements-dev.lock
