// SPDX-License-Identifier: Apache-2.0
// Keeps the price book current: reads what nodes are and what streams say they cost, prices every
// node, publishes the prices. The daemon calls Run(now) every evaluation interval; it works once a
// minute.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "rules/analytics/derived_table.h"
#include "rules/pricing/price_book.h"
#include "rules/pricing/pricer.h"
#include "rules/pricing/stream_prices.h"
#include "storage/window/querier.h"
#include "storage/window/retention_plan.h"

namespace outrider {

// A book made of one reading. Immutable.
class PricedNodes : public PriceBook {
 public:
  // Without nodes and streams: what the configuration and the lists say.
  explicit PricedNodes(std::shared_ptr<const Pricer> pricer);
  PricedNodes(std::shared_ptr<const Pricer> pricer, StreamPrices stream,
              std::vector<NodeFacts> nodes);

  const NodePrice* ForNode(std::string_view node) const override;
  const std::map<std::string, PricedNode, std::less<>>& Nodes() const override { return nodes_; }
  StatusOr<NodePrice> PriceOf(const NodeFacts& facts) const override;
  const ResourcePrice& Default() const override { return pricer_->Default(); }
  UnitPrice Storage(std::string_view storage_class) const override {
    return pricer_->Storage(storage_class);
  }
  std::optional<UnitPrice> Volume(std::string_view persistent_volume) const override;
  UnitPrice EgressPerGib(Egress kind) const override {
    return pricer_->EgressPerGib(kind, stream_);
  }
  UnitPrice LoadBalancerHour() const override { return pricer_->LoadBalancerHour(); }
  UnitPrice ControlPlaneHour() const override { return pricer_->ControlPlaneHour(stream_); }
  const Currency& currency() const override { return pricer_->options().currency; }
  const Pricer& pricer() const { return *pricer_; }

 private:
  std::shared_ptr<const Pricer> pricer_;
  StreamPrices stream_;
  std::map<std::string, PricedNode, std::less<>> nodes_;
};

struct PricingStats {
  uint64_t nodes = 0;
  uint64_t unpriced = 0;  // of them
  uint64_t outliers = 0;  // values of streams that were passed over, in all
  std::string error;      // of the last run; empty when it went well
};

// Thread-safe; a run excludes another.
class PricingEngine {
 public:
  // `pricer` is made from the configuration. `querier` and `table` outlive the engine.
  PricingEngine(std::shared_ptr<const Pricer> pricer, const Querier& querier, DerivedTable& table);
  ~PricingEngine();
  PricingEngine(const PricingEngine&) = delete;
  PricingEngine& operator=(const PricingEngine&) = delete;

  void Run(Timestamp now);
  // After a reload; the next run uses it.
  void SetPricer(std::shared_ptr<const Pricer> pricer);
  std::shared_ptr<const PricedNodes> Book() const;  // never null
  PricingStats stats() const;
  static std::vector<SeriesReference> Reach();

 private:
  Status Read(Timestamp now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Publish(const PricedNodes& book) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Querier& querier_;

  absl::Mutex mutex_;  // of a run
  std::shared_ptr<const Pricer> pricer_ ABSL_GUARDED_BY(mutex_);
  OutlierGuard guard_ ABSL_GUARDED_BY(mutex_);
  DerivedPublisher publisher_ ABSL_GUARDED_BY(mutex_);
  Timestamp last_run_ ABSL_GUARDED_BY(mutex_) = INT64_MIN;

  mutable absl::Mutex result_mutex_;
  std::shared_ptr<const PricedNodes> book_ ABSL_GUARDED_BY(result_mutex_);
  PricingStats stats_ ABSL_GUARDED_BY(result_mutex_);
};

}  // namespace outrider
