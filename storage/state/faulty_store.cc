// SPDX-License-Identifier: Apache-2.0
#include "storage/state/faulty_store.h"

namespace outrider {
namespace {

Status Dead() { return absl::UnavailableError("the process has crashed (fault of a test)"); }

}  // namespace

StatusOr<std::optional<Row>> FaultyStore::Get(Family family, std::string_view key) const {
  if (crashed()) return Dead();
  return below_.Get(family, key);
}

Status FaultyStore::Scan(Family family, std::string_view prefix, std::string_view from,
                         const std::function<bool(const Row&)>& visit) const {
  if (crashed()) return Dead();
  return below_.Scan(family, prefix, from, visit);
}

Status FaultyStore::Commit(const Batch& batch, Durability durability) {
  absl::MutexLock lock(&mutex_);
  if (crashed_) return Dead();
  ++commits_;
  switch (plan_.fault) {
    case StoreFault::kNone:
      break;
    case StoreFault::kFailOnce:
      if (commits_ == plan_.at) return plan_.error;
      break;
    case StoreFault::kFailFrom:
      if (commits_ >= plan_.at) return plan_.error;
      break;
    case StoreFault::kFailBetween:
      if (commits_ >= plan_.at && commits_ <= plan_.until) return plan_.error;
      break;
    case StoreFault::kCrashAfter:
      if (commits_ == plan_.at) {
        crashed_ = true;
        // Written, but nobody is left to hear of it.
        below_.Commit(batch, durability).IgnoreError();
        return Dead();
      }
      break;
    case StoreFault::kCrashBefore:
      if (commits_ == plan_.at) {
        crashed_ = true;
        return Dead();
      }
      break;
  }
  return below_.Commit(batch, durability);
}

uint64_t FaultyStore::commits() const {
  absl::MutexLock lock(&mutex_);
  return commits_;
}

bool FaultyStore::crashed() const {
  absl::MutexLock lock(&mutex_);
  return crashed_;
}

void FaultyStore::Repair() {
  absl::MutexLock lock(&mutex_);
  plan_.fault = StoreFault::kNone;
}

}  // namespace outrider
