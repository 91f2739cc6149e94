// SPDX-License-Identifier: Apache-2.0
// Webhooks and their delivery log: rows in the store, webhooks in memory too.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "notifiers/hooks/hook.h"
#include "storage/base/clock.h"
#include "storage/base/random.h"
#include "storage/base/status.h"
#include "storage/state/state_store.h"

namespace outrider {

struct HookLogLimits {
  size_t rows = 1000;          // of one webhook; the oldest go first
  DurationMs age = 30 * kDay;  // older ones go when the next one comes, of whichever webhook
};

// Thread-safe. What is written is durable before a call returns (webhooks synced, log rows not).
class HookStore {
 public:
  static constexpr size_t kMaxHooks = 1000;

  // `store` and `random` outlive it.
  static StatusOr<std::unique_ptr<HookStore>> Open(StateStore& store, Random& random,
                                                   HookLogLimits limits = {});

  std::vector<Hook> List() const;                    // newest first
  StatusOr<Hook> Find(const std::string& id) const;  // NotFound
  // Gives it an id and its times. ResourceExhausted: there are kMaxHooks.
  StatusOr<Hook> Create(Hook hook, Nanos now);
  // Applies `change` to the webhook and writes it, unless it refuses.
  StatusOr<Hook> Update(const std::string& id, const std::function<Status(Hook*)>& change,
                        Nanos now);
  // With its log.
  Status Remove(const std::string& id);

  // The delivery of a message: the one that was begun before, or a new one with the id filled in.
  StatusOr<HookDelivery> Begin(HookDelivery fresh);
  // Writes what became of an attempt.
  Status Record(const HookDelivery& delivery);
  // Ends a delivery that is still to be repeated, if there is one.
  Status Abandon(const std::string& hook_id, const std::string& message_key,
                 const std::string& error);
  // Newest first; of one state, or all.
  StatusOr<std::vector<HookDelivery>> Log(const std::string& hook_id, size_t limit,
                                          std::optional<HookDeliveryState> state) const;

 private:
  HookStore(StateStore& store, Random& random, HookLogLimits limits)
      : store_(store), random_(random), limits_(limits) {}
  struct LogRow {
    std::string key;
    Nanos created_at = 0;
  };
  Status Load() ABSL_LOCKS_EXCLUDED(mutex_);
  // How many rows of each webhook are to go when one comes to `hook_id`.
  std::map<std::string, size_t> Outdated(const std::string& hook_id, Nanos now) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Forget(const std::map<std::string, size_t>& outdated) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Status Write(const std::string& row_key, const HookDelivery& delivery)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  StateStore& store_;
  Random& random_;
  const HookLogLimits limits_;
  mutable absl::Mutex mutex_;
  std::map<std::string, Hook> hooks_ ABSL_GUARDED_BY(mutex_);
  // Oldest first, by webhook.
  std::map<std::string, std::vector<LogRow>> log_ ABSL_GUARDED_BY(mutex_);
  // Rows of deliveries that have not ended, by webhook and message.
  std::map<std::pair<std::string, std::string>, std::string> open_ ABSL_GUARDED_BY(mutex_);
  uint64_t sequence_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace outrider
