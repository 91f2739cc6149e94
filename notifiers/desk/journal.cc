// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "notifiers/desk/desk_impl.h"
#include "storage/base/log.h"
#include "storage/state/row_codec.h"

namespace outrider {
namespace {

// A store that has failed for this long is not waited for any more: people are told from memory.
constexpr int64_t kPatience = 5 * kNanosPerSecond;
constexpr int64_t kRetryInterval = 5 * kNanosPerSecond;

// The fault split_batch: what belongs together is written in two steps.
std::pair<Batch, Batch> Halves(const Batch& batch) {
  std::pair<Batch, Batch> halves;
  const size_t half = batch.writes().size() / 2;
  for (size_t i = 0; i < batch.writes().size(); ++i) {
    const Batch::Write& write = batch.writes()[i];
    Batch& to = i < half ? halves.first : halves.second;
    if (write.value) {
      to.Put(write.family, write.key, *write.value);
    } else {
      to.Delete(write.family, write.key);
    }
  }
  return halves;
}

}  // namespace

Status Journal::TakeFence() {
  const std::string key(kFenceKey);
  const std::optional<Row> old = TRY(store_.Get(Family::kMeta, kFenceKey));
  Batch batch;
  batch.RequireVersion(Family::kMeta, key, old ? old->version : 0);
  const std::string number = BigEndian64((old ? ReadBigEndian64(old->value) : 0) + 1);
  batch.Put(Family::kMeta, key, number);
  TRY(store_.Commit(batch, Durability::kSynced));
  const std::optional<Row> mine = TRY(store_.Get(Family::kMeta, kFenceKey));
  if (!mine || mine->value != number) return absl::AbortedError("another process took the state");
  fence_version_ = mine->version;
  return absl::OkStatus();
}

Status Journal::Commit(Batch& batch, Durability durability) {
  if (faults_.split_batch && batch.writes().size() > 1) {
    const auto [first, second] = Halves(batch);
    TRY(store_.Commit(first, durability));
    return store_.Commit(second, durability);
  }
  batch.RequireVersion(Family::kMeta, std::string(kFenceKey), fence_version_);
  if (!faults_.send_before_commit) return store_.Commit(batch, durability);
  Batch before = std::exchange(held_back_, batch);
  return before.empty() ? absl::OkStatus() : store_.Commit(before, durability);
}

void Journal::Remember(const Batch& batch, Nanos now) {
  for (const Batch::Write& write : batch.writes()) {
    pending_.insert_or_assign({write.family, write.key}, write.value);
  }
  next_retry_ = now + kRetryInterval;
  ++unrecorded_;
}

StatusOr<Journal::Kept> Journal::Write(Batch batch, Durability durability, bool keep, Nanos now) {
  if (!pending_.empty()) {
    Remember(batch, now);
    TRY(Retry(now));
    return pending_.empty() ? Kept::kWritten : Kept::kInMemory;
  }
  Status status = Commit(batch, durability);
  if (status.ok()) {
    failing_since_ = 0;
    return Kept::kWritten;
  }
  if (absl::IsAborted(status)) return status;
  if (failing_since_ == 0) {
    failing_since_ = now;
    LogError("the state store cannot be written", {{"error", Message(status)}});
  }
  const bool waited = now - failing_since_ >= kPatience;
  if (!keep && !waited && !absl::IsResourceExhausted(status)) return status;
  Remember(batch, now);
  return Kept::kInMemory;
}

void Journal::SetBack(int64_t by) {
  for (Nanos* time : {&failing_since_, &next_retry_}) {
    if (*time != 0) *time -= by;
  }
}

Status Journal::Retry(Nanos now) {
  if (pending_.empty()) return absl::OkStatus();
  Batch batch;
  for (const auto& [where, value] : pending_) {
    if (value) {
      batch.Put(where.first, where.second, *value);
    } else {
      batch.Delete(where.first, where.second);
    }
  }
  next_retry_ = now + kRetryInterval;
  Status status = Commit(batch, Durability::kSynced);
  if (absl::IsAborted(status)) return status;
  if (!status.ok()) return absl::OkStatus();
  LogInfo("the state store can be written again", {{"rows", std::to_string(pending_.size())}});
  pending_.clear();
  unrecorded_ = 0;
  failing_since_ = 0;
  return absl::OkStatus();
}

}  // namespace outrider
