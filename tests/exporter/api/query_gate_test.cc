// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/query_gate.h"

#include <gtest/gtest.h>

#include <optional>
#include <thread>

#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

TEST(QueryGate, TheNextWaitsForRoomAndNotForEver) {
  const FakeClock clock(0);
  QueryGate gate(1, clock);
  std::optional<StatusOr<QueryGate::Pass>> first = gate.Enter(1);
  ASSERT_TRUE(first->ok());
  const StatusOr<QueryGate::Pass> late = gate.Enter(1);
  EXPECT_EQ(late.status(), absl::FailedPreconditionError("context deadline exceeded"));
  EXPECT_EQ(gate.Stats().queries, 1);

  bool entered = false;
  std::thread waiting([&] { entered = gate.Enter(60 * kSecond).ok(); });
  while (gate.Stats().queries < 2) std::this_thread::yield();
  first.reset();
  waiting.join();
  EXPECT_TRUE(entered);
  const QueryGateStats stats = gate.Stats();
  EXPECT_EQ(stats.queries, 0);
  EXPECT_EQ(stats.max_concurrent, 1);
  EXPECT_EQ(stats.queue_time.count, 3U);
  EXPECT_EQ(stats.inner_eval.count, 2U);
}

TEST(QueryGate, SaysHowLongOneWaited) {
  FakeClock clock(0);
  QueryGate gate(2, clock);
  {
    const StatusOr<QueryGate::Pass> pass = gate.Enter(kSecond);
    ASSERT_TRUE(pass.ok());
    EXPECT_EQ(pass->queued_nanos(), 0);
    clock.Advance(2 * kSecond);
  }
  EXPECT_EQ(gate.Stats().inner_eval.sum, 2);
}

}  // namespace
}  // namespace outrider
