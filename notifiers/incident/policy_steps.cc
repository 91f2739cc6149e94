// SPDX-License-Identifier: Apache-2.0
#include "notifiers/incident/policy_steps.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "absl/synchronization/mutex.h"

namespace outrider {
namespace {

void AddNames(const std::vector<std::string>& names, std::string* text) {
  for (const std::string& name : names) *text += fmt::format("{}:{}", name.size(), name);
}

// Equal for equal steps, and for no others.
std::string TextOf(const PolicySteps& steps) {
  std::string text;
  for (const EscalationTier& tier : steps.tiers) {
    text += fmt::format("{},{},{};", tier.delay, tier.round_robin ? 1 : 0, tier.receivers.size());
    AddNames(tier.receivers, &text);
  }
  text += '/';
  AddNames(steps.fallback, &text);
  return text;
}

class Shelf {
 public:
  std::shared_ptr<const PolicySteps> Share(PolicySteps steps) {
    const std::string text = TextOf(steps);
    const absl::MutexLock lock(&mutex_);
    std::weak_ptr<const PolicySteps>& known = known_[text];
    if (std::shared_ptr<const PolicySteps> shared = known.lock()) return shared;
    const auto made = std::make_shared<const PolicySteps>(std::move(steps));
    known = made;
    if (known_.size() >= sweep_at_) Sweep();
    return made;
  }

 private:
  static constexpr size_t kFirstSweep = 64;

  void Sweep() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    std::erase_if(known_, [](const auto& entry) { return entry.second.expired(); });
    sweep_at_ = std::max(kFirstSweep, 2 * known_.size());
  }

  absl::Mutex mutex_;
  std::map<std::string, std::weak_ptr<const PolicySteps>> known_ ABSL_GUARDED_BY(mutex_);
  size_t sweep_at_ ABSL_GUARDED_BY(mutex_) = kFirstSweep;
};

}  // namespace

std::shared_ptr<const PolicySteps> SharePolicySteps(PolicySteps steps) {
  static Shelf& shelf = *new Shelf;
  if (steps.tiers.empty() && steps.fallback.empty()) return nullptr;
  return shelf.Share(std::move(steps));
}

}  // namespace outrider
