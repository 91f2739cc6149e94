// SPDX-License-Identifier: Apache-2.0
#include "rules/slo/slo_engine.h"

#include <algorithm>
#include <utility>

#include "storage/base/log.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

std::vector<std::unique_ptr<SloRunner>> MakeRunners(const std::vector<SloSpec>& specs) {
  std::vector<std::unique_ptr<SloRunner>> runners;
  for (const SloSpec& spec : specs) {
    if (spec.error.empty()) runners.push_back(std::make_unique<SloRunner>(spec));
  }
  return runners;
}

}  // namespace

SloEngine::SloEngine(std::vector<SloSpec> specs, const SloOptions& options,
                     const promql::Engine& engine, const Querier& querier, DerivedTable& table,
                     StateStore& store)
    : options_(options),
      engine_(engine),
      querier_(querier),
      specs_(std::move(specs)),
      runners_(MakeRunners(specs_)),
      outputs_(table),
      checkpoint_(store),
      views_(std::make_shared<std::vector<SloView>>()) {}

void SloEngine::Rebuild(Timestamp now) {
  const absl::MutexLock lock(&mutex_);
  if (const Status loaded = checkpoint_.Load(runners_); !loaded.ok()) {
    LogError("saved events of objectives cannot be read", {{"err", Message(loaded)}});
  }
  for (const auto& runner : runners_) runner->Run(Context(), now);
  Publish(now);
}

void SloEngine::Run(Timestamp now) {
  const absl::MutexLock lock(&mutex_);
  for (const auto& runner : runners_) runner->Run(Context(), now);
  Publish(now);
}

Status SloEngine::Save(Durability durability) {
  const absl::MutexLock lock(&mutex_);
  if (last_run_ == 0) return absl::OkStatus();  // nothing was loaded: nothing may be overwritten
  return checkpoint_.Save(runners_, durability);
}

void SloEngine::Replace(std::vector<SloSpec> specs) {
  const absl::MutexLock lock(&mutex_);
  std::vector<std::unique_ptr<SloRunner>> fresh = MakeRunners(specs);
  for (std::unique_ptr<SloRunner>& runner : fresh) {
    for (std::unique_ptr<SloRunner>& old : runners_) {
      if (old == nullptr || old->spec().name != runner->spec().name ||
          old->spec().Identity() != runner->spec().Identity()) {
        continue;
      }
      old->Rename(runner->spec());
      runner = std::move(old);
      break;
    }
  }
  runners_ = std::move(fresh);
  specs_ = std::move(specs);
  if (last_run_ != 0) Publish(last_run_);
}

void SloEngine::Publish(Timestamp now) {
  last_run_ = now;
  auto views = std::make_shared<std::vector<SloView>>();
  auto runner = runners_.begin();
  for (const SloSpec& spec : specs_) {
    if (!spec.error.empty()) {
      views->push_back({.spec = spec, .error = spec.error});
      continue;
    }
    views->push_back((*runner++)->View(now, /*timeline=*/false));
    outputs_.Set(views->back());
  }
  outputs_.Finish();
  const absl::MutexLock lock(&views_mutex_);
  views_ = std::move(views);
}

std::vector<SeriesReference> SloEngine::Reach() const {
  const absl::MutexLock lock(&mutex_);
  std::vector<SeriesReference> all;
  for (const auto& runner : runners_) {
    for (auto& reach : runner->Reach(options_, engine_.options().lookback)) {
      all.push_back({.matchers = std::move(reach.matchers),
                     .horizon = reach.horizon,
                     .owner = {.kind = "analytics", .name = "slo " + Quote(runner->spec().name)}});
    }
  }
  return all;
}

std::shared_ptr<const std::vector<SloView>> SloEngine::Views() const {
  const absl::MutexLock lock(&views_mutex_);
  return views_;
}

StatusOr<SloView> SloEngine::Show(const std::string& name) const {
  const absl::MutexLock lock(&mutex_);
  for (const auto& runner : runners_) {
    if (runner->spec().name == name) return runner->View(last_run_, /*timeline=*/true);
  }
  for (const SloSpec& spec : specs_) {
    if (spec.name == name) return SloView{.spec = spec, .error = spec.error};
  }
  return NotFound("no objective named " + Quote(name));
}

}  // namespace outrider
