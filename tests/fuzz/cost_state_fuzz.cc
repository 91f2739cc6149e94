// SPDX-License-Identifier: Apache-2.0
// Rows of costs: whatever stands in the store, an engine starts, goes on counting and answers.
#include <cstdlib>
#include <string>

#include "rules/cost/cost_ledger.h"
#include "rules/cost/optimize_runs.h"
#include "rules/cost/savings_tracker.h"
#include "storage/state/memory_store.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace outrider;  // NOLINT(google-build-using-namespace)
  constexpr Timestamp kNow = 1'764'590'400'000;
  const std::string text(reinterpret_cast<const char*>(data), size);
  MemoryStore store;
  Batch batch;
  const auto begin = static_cast<uint64_t>(SpanOf(CostTier::kHours, kNow).begin);
  batch.Put(Family::kCost, "bh" + BigEndian64(begin) + "w" + BigEndian64(0), text);
  batch.Put(Family::kCost, "r" + BigEndian64(1) + BigEndian64(2), text);
  batch.Put(Family::kCost, "s" + text, text);
  if (!store.Commit(batch, Durability::kSynced).ok()) std::abort();
  CostLedger ledger(store);
  if (!ledger.Restore(kNow).ok()) std::abort();
  if (!ledger.Add(kNow, kNow + kMinute, {CostItem()}).ok()) std::abort();
  if (!ledger.Read(kNow - kHour, kNow + kHour, CostGrain::kPods, kNow + kHour).ok()) std::abort();
  if (!ledger.Save(Durability::kSynced).ok()) std::abort();
  SavingsTracker savings(store);
  if (!savings.Restore().ok()) std::abort();
  (void)savings.All();
  OptimizeRuns runs(store);
  if (!runs.Start("m", 7, {}, kNow).ok()) std::abort();
  if (!runs.List().ok()) std::abort();
  return 0;
}
