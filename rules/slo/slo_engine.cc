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
  runners.reserve(specs.size());
  for (const SloSpec& spec : specs) {
    runners.push_back(spec.CanCount() ? std::make_unique<SloRunner>(spec) : nullptr);
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
      store_(store),
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
  for (const auto& runner : runners_) {
    if (runner != nullptr) runner->Run(Context(), now);
  }
  Publish(now);
}

void SloEngine::Run(Timestamp now) {
  const absl::MutexLock lock(&mutex_);
  for (const auto& runner : runners_) {
    if (runner != nullptr) runner->Run(Context(), now);
  }
  Publish(now);
}

SloRunner* SloEngine::Find(const std::string& name) {
  for (const auto& runner : runners_) {
    if (runner != nullptr && runner->spec().name == name) return runner.get();
  }
  return nullptr;
}

std::set<std::string> SloEngine::Names() const {
  std::set<std::string> names;
  for (const SloSpec& spec : specs_) names.insert(spec.name);
  return names;
}

Status SloEngine::Save(Durability durability) {
  const absl::MutexLock one_at_a_time(&save_mutex_);
  std::set<std::string> names;
  {
    const absl::MutexLock lock(&mutex_);
    if (last_run_ == 0) return absl::OkStatus();  // nothing was loaded: nothing may be overwritten
    names = Names();
  }
  for (const std::string& name : names) TRY(SaveOne(name, durability));
  Batch gone;
  {
    const absl::MutexLock lock(&mutex_);
    gone = checkpoint_.Gone(Names());  // a reload may have come between
  }
  if (gone.empty()) return absl::OkStatus();
  TRY(store_.Commit(gone, durability));
  const absl::MutexLock lock(&mutex_);
  checkpoint_.Written(gone);
  return absl::OkStatus();
}

Status SloEngine::SaveOne(const std::string& name, Durability durability) {
  Batch batch;
  {
    const absl::MutexLock lock(&mutex_);
    SloRunner* runner = Find(name);
    if (runner == nullptr) return absl::OkStatus();  // its rows wait until it can count again
    batch = checkpoint_.Changed(runner);
  }
  const Status committed = store_.Commit(batch, durability);
  const absl::MutexLock lock(&mutex_);
  if (committed.ok()) {
    checkpoint_.Written(batch);
  } else if (SloRunner* runner = Find(name); runner != nullptr) {
    runner->SetUnsaved();
  }
  return committed;
}

void SloEngine::Replace(std::vector<SloSpec> specs) {
  const absl::MutexLock lock(&mutex_);
  std::vector<std::unique_ptr<SloRunner>> fresh = MakeRunners(specs);
  for (size_t i = 0; i < specs.size(); ++i) {
    std::unique_ptr<SloRunner>& runner = fresh[i];
    const auto old = std::ranges::find_if(runners_, [&](const auto& one) {
      return one != nullptr && one->spec().name == specs[i].name;
    });
    if (old == runners_.end()) {
      // Maybe one that an error kept from being loaded.
      const Status loaded = last_run_ == 0 ? absl::OkStatus() : checkpoint_.Load({&runner, 1});
      if (!loaded.ok()) {
        LogError("saved events of an objective cannot be read",
                 {{"slo", specs[i].name}, {"err", Message(loaded)}});
      }
      // A save that is under way may be about to delete the rows.
      if (runner != nullptr) runner->SetUnsaved();
    } else if (runner == nullptr) {
      runner = std::move(*old);
    } else if ((*old)->spec().Identity() == runner->spec().Identity()) {
      (*old)->Rename(runner->spec());
      runner = std::move(*old);
    }
  }
  runners_ = std::move(fresh);
  specs_ = std::move(specs);
  if (last_run_ != 0) Publish(last_run_);
}

void SloEngine::Publish(Timestamp now) {
  last_run_ = now;
  auto views = std::make_shared<std::vector<SloView>>();
  for (size_t i = 0; i < specs_.size(); ++i) {
    if (!specs_[i].error.empty()) {
      views->push_back({.spec = specs_[i], .error = specs_[i].error});
      continue;
    }
    views->push_back(runners_[i]->View(now, /*timeline=*/false));
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
    if (runner == nullptr) continue;
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
  for (size_t i = 0; i < specs_.size(); ++i) {
    if (specs_[i].name != name) continue;
    if (!specs_[i].error.empty()) return SloView{.spec = specs_[i], .error = specs_[i].error};
    return runners_[i]->View(last_run_, /*timeline=*/true);
  }
  return NotFound("no objective named " + Quote(name));
}

}  // namespace outrider
