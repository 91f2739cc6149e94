// SPDX-License-Identifier: Apache-2.0
#include "notifiers/hooks/hook_store.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/base/log.h"
#include "storage/state/row_codec.h"

namespace outrider {
namespace {

// schema.h: hook id 0x00 time(8) sequence(8).
std::string LogPrefix(const std::string& hook_id) { return hook_id + '\0'; }
std::string LogKey(const std::string& hook_id, Nanos time, uint64_t sequence) {
  return LogPrefix(hook_id) + BigEndian64(static_cast<uint64_t>(time)) + BigEndian64(sequence);
}

bool IsOpen(const HookDelivery& delivery) {
  return delivery.state == HookDeliveryState::kPending ||
         delivery.state == HookDeliveryState::kRetrying;
}

Status NoHook(const std::string& id) { return NotFound(fmt::format("no webhook {}", id)); }

}  // namespace

StatusOr<std::unique_ptr<HookStore>> HookStore::Open(StateStore& store, Random& random,
                                                     HookLogLimits limits) {
  std::unique_ptr<HookStore> hooks(new HookStore(store, random, limits));
  TRY(hooks->Load());
  return hooks;
}

// A row that cannot be read is left where it is and said: the others work.
Status HookStore::Load() {
  const absl::MutexLock lock(&mutex_);
  TRY(store_.Scan(Family::kHooks, "", "", [&](const Row& row) {
    mutex_.AssertHeld();
    StatusOr<Hook> hook = DecodeHook(row.value);
    if (hook.ok()) {
      hooks_[hook->id] = *std::move(hook);
    } else {
      LogError("a webhook cannot be read", {{"err", Message(hook.status())}});
    }
    return true;
  }));
  return store_.Scan(Family::kHookLog, "", "", [&](const Row& row) {
    mutex_.AssertHeld();
    const StatusOr<HookDelivery> delivery = DecodeHookDelivery(row.value);
    if (!delivery.ok()) return true;
    log_[delivery->hook_id].push_back({row.key, delivery->created_at});
    if (IsOpen(*delivery)) open_[{delivery->hook_id, delivery->message_key}] = row.key;
    if (row.key.size() >= 8) {
      sequence_ = std::max(sequence_,
                           ReadBigEndian64(std::string_view(row.key).substr(row.key.size() - 8)));
    }
    return true;
  });
}

std::vector<Hook> HookStore::List() const {
  std::vector<Hook> list;
  {
    const absl::MutexLock lock(&mutex_);
    for (const auto& [id, hook] : hooks_) list.push_back(hook);
  }
  std::ranges::stable_sort(list, std::ranges::greater(), &Hook::created_at);
  return list;
}

StatusOr<Hook> HookStore::Find(const std::string& id) const {
  const absl::MutexLock lock(&mutex_);
  const auto found = hooks_.find(id);
  if (found == hooks_.end()) return NoHook(id);
  return found->second;
}

StatusOr<Hook> HookStore::Create(Hook hook, Nanos now) {
  const absl::MutexLock lock(&mutex_);
  if (hooks_.size() >= kMaxHooks) {
    return absl::ResourceExhaustedError(fmt::format("there are {} webhooks already", kMaxHooks));
  }
  hook.id = random_.Uuid();
  hook.created_at = now;
  hook.updated_at = now;
  Batch batch;
  batch.RequireAbsent(Family::kHooks, hook.id);
  batch.Put(Family::kHooks, hook.id, EncodeHook(hook));
  TRY(store_.Commit(batch, Durability::kSynced));
  hooks_[hook.id] = hook;
  return hook;
}

StatusOr<Hook> HookStore::Update(const std::string& id, const std::function<Status(Hook*)>& change,
                                 Nanos now) {
  const absl::MutexLock lock(&mutex_);
  const auto found = hooks_.find(id);
  if (found == hooks_.end()) return NoHook(id);
  Hook changed = found->second;
  TRY(change(&changed));
  changed.id = id;
  changed.updated_at = now;
  Batch batch;
  batch.Put(Family::kHooks, id, EncodeHook(changed));
  TRY(store_.Commit(batch, Durability::kSynced));
  found->second = changed;
  return changed;
}

Status HookStore::Remove(const std::string& id) {
  const absl::MutexLock lock(&mutex_);
  if (!hooks_.contains(id)) return NoHook(id);
  Batch batch;
  batch.Delete(Family::kHooks, id);
  for (const LogRow& row : log_[id]) batch.Delete(Family::kHookLog, row.key);
  TRY(store_.Commit(batch, Durability::kSynced));
  hooks_.erase(id);
  log_.erase(id);
  std::erase_if(open_, [&](const auto& entry) { return entry.first.first == id; });
  return absl::OkStatus();
}

StatusOr<HookDelivery> HookStore::Begin(HookDelivery fresh) {
  const absl::MutexLock lock(&mutex_);
  const auto known = open_.find({fresh.hook_id, fresh.message_key});
  if (known != open_.end()) {
    const auto row = TRY(store_.Get(Family::kHookLog, known->second));
    if (row) return DecodeHookDelivery(row->value);
  }
  if (!hooks_.contains(fresh.hook_id)) return NoHook(fresh.hook_id);
  fresh.id = random_.Uuid();
  const std::string key = LogKey(fresh.hook_id, fresh.created_at, ++sequence_);
  Batch batch;
  batch.Put(Family::kHookLog, key, EncodeHookDelivery(fresh));
  const auto outdated = Outdated(fresh.hook_id, fresh.created_at);
  for (const auto& [hook_id, count] : outdated) {
    for (size_t i = 0; i < count; ++i) batch.Delete(Family::kHookLog, log_[hook_id][i].key);
  }
  TRY(store_.Commit(batch, Durability::kBuffered));
  Forget(outdated);
  log_[fresh.hook_id].push_back({key, fresh.created_at});
  open_[{fresh.hook_id, fresh.message_key}] = key;
  return fresh;
}

std::map<std::string, size_t> HookStore::Outdated(const std::string& hook_id, Nanos now) const {
  const Nanos oldest = now - limits_.age * kNanosPerMilli;
  std::map<std::string, size_t> outdated;
  for (const auto& [id, rows] : log_) {
    size_t count = 0;
    while (count < rows.size() && (rows[count].created_at < oldest ||
                                   (id == hook_id && rows.size() - count >= limits_.rows))) {
      ++count;
    }
    if (count > 0) outdated[id] = count;
  }
  return outdated;
}

void HookStore::Forget(const std::map<std::string, size_t>& outdated) {
  for (const auto& [hook_id, count] : outdated) {
    std::vector<LogRow>& rows = log_[hook_id];
    for (size_t i = 0; i < count; ++i) {
      std::erase_if(open_, [&](const auto& entry) { return entry.second == rows[i].key; });
    }
    rows.erase(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(count));
  }
}

Status HookStore::Record(const HookDelivery& delivery) {
  const absl::MutexLock lock(&mutex_);
  const auto known = open_.find({delivery.hook_id, delivery.message_key});
  if (known == open_.end()) return absl::OkStatus();  // its webhook or its row is gone
  TRY(Write(known->second, delivery));
  if (!IsOpen(delivery)) open_.erase(known);
  return absl::OkStatus();
}

Status HookStore::Write(const std::string& row_key, const HookDelivery& delivery) {
  Batch batch;
  batch.Put(Family::kHookLog, row_key, EncodeHookDelivery(delivery));
  return store_.Commit(batch, Durability::kBuffered);
}

Status HookStore::Abandon(const std::string& hook_id, const std::string& message_key,
                          const std::string& error) {
  const absl::MutexLock lock(&mutex_);
  const auto known = open_.find({hook_id, message_key});
  if (known == open_.end()) return absl::OkStatus();
  const auto row = TRY(store_.Get(Family::kHookLog, known->second));
  if (row) {
    HookDelivery delivery = TRY(DecodeHookDelivery(row->value));
    delivery.state = HookDeliveryState::kFailed;
    delivery.next_retry_at = 0;
    delivery.error = error;
    TRY(Write(known->second, delivery));
  }
  open_.erase(known);
  return absl::OkStatus();
}

StatusOr<std::vector<HookDelivery>> HookStore::Log(const std::string& hook_id, size_t limit,
                                                   std::optional<HookDeliveryState> state) const {
  std::vector<std::string> keys;
  {
    const absl::MutexLock lock(&mutex_);
    if (!hooks_.contains(hook_id)) return NoHook(hook_id);
    const auto rows = log_.find(hook_id);
    if (rows != log_.end()) {
      for (const LogRow& row : rows->second) keys.push_back(row.key);
    }
  }
  std::vector<HookDelivery> out;
  for (auto key = keys.rbegin(); key != keys.rend() && out.size() < limit; ++key) {
    const auto row = TRY(store_.Get(Family::kHookLog, *key));
    if (!row) continue;  // trimmed meanwhile
    HookDelivery delivery = TRY(DecodeHookDelivery(row->value));
    if (!state || delivery.state == *state) out.push_back(std::move(delivery));
  }
  return out;
}

}  // namespace outrider
