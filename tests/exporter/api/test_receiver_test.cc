// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/test_receiver.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <semaphore>
#include <thread>

#include "exporter/api/test_gate.h"
#include "tests/exporter/api/desk_world.h"

namespace outrider {
namespace {

using ::testing::HasSubstr;

// Sends nothing before the last integration of the receiver has sent.
class WaitingChannel final : public Channel {
 public:
  WaitingChannel(std::counting_semaphore<64>& open, bool opens) : open_(open), opens_(opens) {}
  SendResult Send(const Notification&) override {
    if (opens_) {
      open_.release(64);
      return SendResult::Delivered();
    }
    const bool came = open_.try_acquire_for(std::chrono::seconds(10));
    return came ? SendResult::Delivered() : SendResult::Retry("held up", "other", 0);
  }
  bool Idempotent() const override { return true; }

 private:
  std::counting_semaphore<64>& open_;
  const bool opens_;
};

// How many send at the same time.
class CountingChannel final : public Channel {
 public:
  CountingChannel(std::atomic<int>& now, std::atomic<int>& most) : now_(now), most_(most) {}
  SendResult Send(const Notification&) override {
    const int here = ++now_;
    for (int seen = most_; seen < here && !most_.compare_exchange_weak(seen, here);) continue;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    --now_;
    return SendResult::Delivered();
  }
  bool Idempotent() const override { return true; }

 private:
  std::atomic<int>& now_;
  std::atomic<int>& most_;
};

void Add(Receiver* receiver, std::unique_ptr<Channel> channel) {
  Integration integration;
  integration.kind = "webhook";
  integration.index = static_cast<int>(receiver->integrations.size());
  integration.channel = std::move(channel);
  receiver->integrations.push_back(std::move(integration));
}

TEST(TestReceiver, OneThatHangsHoldsNoOther) {
  DeskWorld world;
  std::counting_semaphore<64> open(0);
  Receiver receiver;
  receiver.name = "crew";
  for (int i = 0; i < 8; ++i) Add(&receiver, std::make_unique<WaitingChannel>(open, i == 7));
  const auto results = TestReceiver(receiver, {}, {world.clock, world.random, ""});
  ASSERT_EQ(results.size(), 8U);
  EXPECT_TRUE(AllDelivered(results));
  for (size_t i = 0; i < results.size(); ++i) {
    EXPECT_EQ(results[i].integration, fmt::format("webhook[{}]", i)) << "in the receiver's order";
  }
}

TEST(TestReceiver, NotMoreThanEightAtOnce) {
  DeskWorld world;
  std::atomic<int> now = 0;
  std::atomic<int> most = 0;
  Receiver receiver;
  receiver.name = "crowd";
  for (int i = 0; i < 40; ++i) Add(&receiver, std::make_unique<CountingChannel>(now, most));
  const auto results = TestReceiver(receiver, {}, {world.clock, world.random, ""});
  EXPECT_EQ(results.size(), 40U);
  EXPECT_TRUE(AllDelivered(results));
  EXPECT_GT(most.load(), 1);
  EXPECT_LE(most.load(), 8);
  EXPECT_TRUE(TestReceiver(Receiver{}, {}, {world.clock, world.random, ""}).empty());
}

// A target that hangs must not take all threads of the server, which alerts come in by.
TEST(TestReceiver, OnlySoManyTestsAtOnce) {
  TestGate gate;
  std::vector<TestGate::Pass> inside;
  for (int i = 0; i < TestGate::kMost; ++i) {
    inside.push_back(gate.Enter());
    ASSERT_NE(inside.back(), nullptr) << i;
  }
  EXPECT_EQ(gate.Enter(), nullptr);
  inside.pop_back();
  EXPECT_NE(gate.Enter(), nullptr);
}

TEST(TestReceiver, ByApi) {
  DeskWorld world;
  DeskConfig config = *world.desk->config();
  std::atomic<int> now = 0;
  std::atomic<int> most = 0;
  std::vector<Receiver> receivers(1);
  receivers[0].name = "crew";
  Add(&receivers[0], std::make_unique<CountingChannel>(now, most));
  config.receivers = std::make_shared<const Receivers>(std::move(receivers));
  ASSERT_TRUE(world.desk->Reload(std::move(config), world.clock.NowNanos()).ok());
  const HttpResponse tested = world.Post("/outrider/v1/receivers/crew/test", "{}");
  EXPECT_EQ(tested.status, 200);
  EXPECT_THAT(tested.body, HasSubstr(R"("delivered":true)"));
  EXPECT_EQ(world.Post("/outrider/v1/receivers/nobody/test", "{}").status, 404);
}

}  // namespace
}  // namespace outrider
