// SPDX-License-Identifier: Apache-2.0
// The store of everything decided: rows of bytes in families, read by key or prefix, written in
// atomic batches with preconditions. Small on purpose (core.md rule 8): RocksDB, memory and a
// faulty twin implement it; PostgreSQL can.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/base/status.h"

namespace outrider {

// The families, in the order of their ids on disk. Never reorder; add at the end
// (storage/state/schema.h has the key layout of each).
enum class Family : uint8_t {
  kMeta,       // schema version, fence, hash of the newest audit event
  kAlerts,     // alerts as routed: one per fingerprint
  kIncidents,  // one per incident
  kSla,        // one per incident and clock
  kGroups,     // aggregation groups and the notification log, one per group key
  kSilences,
  kTimers,     // due time first
  kOutbox,     // one per message to send
  kAudit,      // append-only events
  kRules,      // alert-rule state: pending, firing, keep-firing clocks, one per rule and label set
  kRelay,      // when an alert was last sent to external Alertmanagers, one per rule and label set
  kAnalytics,  // detectors' state, one per analytics entry and series
  kSlo,        // events of objectives, one per objective and label set
  kWorkloads,  // what is watched of workloads: findings' state, the monitor
  kCapacity,   // what workloads use and need: accumulators, one per workload and container; pods
  kCost,       // what workloads cost: sums of hours and days, budgets
  kHistory,    // why alerts were or were not notified: one per flush of a group, and attempts
  kMembers,    // who is in an aggregation group and was told: one per group and alert
  kHooks,      // webhooks made by the API
  kHookLog,    // what was sent by them
  kDirectory,  // what people configure by the API: users, tokens, schedules, policies, windows …
  kPaging,     // whom was paged lately and whose turn it is; links and buttons that answer pages
};
inline constexpr int kFamilyCount = 22;
std::string_view FamilyName(Family family);

struct Row {
  std::string key;
  std::string value;
  uint64_t version = 0;  // changes with every write of the row; never 0 for an existing row
};

// Writes that happen together or not at all.
class Batch {
 public:
  struct Write {
    Family family;
    std::string key;
    std::optional<std::string> value;  // none: delete
  };
  struct Requirement {
    Family family;
    std::string key;
    uint64_t version;  // 0: absent
  };
  void Put(Family family, std::string key, std::string value) {
    writes_.push_back({family, std::move(key), std::move(value)});
  }
  void Delete(Family family, std::string key) {
    writes_.push_back({family, std::move(key), std::nullopt});
  }
  void RequireVersion(Family family, std::string key, uint64_t version) {
    requirements_.push_back({family, std::move(key), version});
  }
  void RequireAbsent(Family family, std::string key) { RequireVersion(family, std::move(key), 0); }
  // All of `other` behind what is here.
  void Append(Batch other);

  bool empty() const { return writes_.empty() && requirements_.empty(); }
  const std::vector<Write>& writes() const { return writes_; }
  const std::vector<Requirement>& requirements() const { return requirements_; }

 private:
  std::vector<Write> writes_;
  std::vector<Requirement> requirements_;
};

enum class Durability {
  kBuffered,
  kSynced
};  // kBuffered survives a killed process, kSynced a killed machine

struct StoreStats {
  uint64_t commits = 0;
  uint64_t synced_commits = 0;
  uint64_t failed_commits = 0;
  uint64_t memory_bytes = 0;                                   // memtables and block cache
  std::vector<std::pair<std::string, uint64_t>> family_bytes;  // on disk, by family name
};

// Thread-safe.
class StateStore {
 public:
  virtual ~StateStore() = default;
  virtual StatusOr<std::optional<Row>> Get(Family family, std::string_view key) const = 0;
  // Rows whose key starts with `prefix` and is >= `from`, in key order, until `visit` returns
  // false.
  virtual Status Scan(Family family, std::string_view prefix, std::string_view from,
                      const std::function<bool(const Row&)>& visit) const = 0;
  // Aborted when a requirement does not hold (nothing is written); another error means nothing was
  // written either.
  virtual Status Commit(const Batch& batch, Durability durability) = 0;
  virtual StoreStats Stats() const = 0;
};

}  // namespace outrider
