// SPDX-License-Identifier: Apache-2.0
// Which entries are warmed up, and what happens when the server cannot be reached.
#include "exporter/daemon/warm_up.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "rules/analytics/analytics_file.h"
#include "storage/state/memory_store.h"
#include "storage/window/windows.h"
#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

constexpr const char* kEntries = R"(entries:
- {name: load, kind: anomaly, expr: load}
- {name: slope, kind: trend, expr: load}
- {name: sum, kind: anomaly, expr: sum(load)}
)";

std::vector<Entry> Parse(const std::string& text) {
  return ParseAnalyticsFile(text, "a.yml").value().entries;
}

class WarmUpTest : public testing::Test {
 protected:
  WarmUpTest()
      : engine_(Parse(kEntries), AnalyticsOptions(),
                {.engine = promql_,
                 .querier = windows_,
                 .table = table_,
                 .feed = &windows_,
                 .state = &store_}) {
    config_.url = "http://user:hidden@127.0.0.1:1/prometheus";
  }
  std::unique_ptr<WarmUp> Make() {
    return std::make_unique<WarmUp>(
        WarmUpSeams{
            .engine = engine_, .state = store_, .promql = promql_.options(), .clock = clock_},
        15 * kSecond);
  }

  FakeClock clock_;
  promql::Engine promql_{promql::EngineOptions(), clock_};
  Windows windows_{WindowsOptions()};
  DerivedTable table_;
  MemoryStore store_;
  AnalyticsEngine engine_;
  WarmUpConfig config_;
};

TEST_F(WarmUpTest, WithoutAServerNothingIsPlannedNorMarked) {
  const auto warm_up = Make();
  warm_up->Plan(Parse(kEntries), {});
  EXPECT_TRUE(warm_up->View().tasks.empty());
  EXPECT_EQ(Checkpoints(store_).Mark(EntryIdentity(Parse(kEntries)[0])).value(), std::nullopt);
}

TEST_F(WarmUpTest, NewEntriesArePlannedByExpressionAndOverARestart) {
  const std::vector<Entry> entries = Parse(kEntries);
  Make()->Plan(entries, config_);
  // What the cold detectors have saved meanwhile does not make the entry an old one.
  const CheckpointRow row = {CheckpointKey(EntryIdentity(entries[0]), {}), "12345678state"};
  ASSERT_TRUE(Checkpoints(store_).Write({&row, 1}).ok());
  const auto warm_up = Make();
  warm_up->Plan(entries, config_);
  const WarmUpView view = warm_up->View();
  ASSERT_EQ(view.tasks.size(), 2U);
  EXPECT_EQ(view.tasks[0].entries, (std::vector<std::string>{"load", "slope"}));
  EXPECT_EQ(view.tasks[1].entries, (std::vector<std::string>{"sum"}));
  EXPECT_THAT(view.url, testing::Not(testing::HasSubstr("hidden")));
}

TEST_F(WarmUpTest, KnownAndDoneEntriesAreLeftAlone) {
  const std::vector<Entry> entries = Parse(kEntries);
  const CheckpointRow row = {CheckpointKey(EntryIdentity(entries[0]), {}), "12345678state"};
  Checkpoints checkpoints(store_);
  ASSERT_TRUE(checkpoints.Write({&row, 1}).ok());
  ASSERT_TRUE(checkpoints.SetMark(EntryIdentity(entries[1]), WarmUpMark::kDone, 1).ok());
  const auto warm_up = Make();
  warm_up->Plan(entries, config_);
  ASSERT_EQ(warm_up->View().tasks.size(), 1U);
  EXPECT_EQ(warm_up->View().tasks[0].entries, (std::vector<std::string>{"sum"}));
}

TEST_F(WarmUpTest, AFailureIsToldAndTriedAgain) {
  engine_.Rebuild(clock_.Now());
  const auto warm_up = Make();
  warm_up->Plan({Parse(kEntries)[2]}, config_);
  warm_up->RunOnce({});
  WarmUpView view = warm_up->View();
  ASSERT_EQ(view.tasks.size(), 1U);
  EXPECT_EQ(view.tasks[0].state, WarmUpState::kRetrying);
  EXPECT_EQ(view.tasks[0].attempts, 1U);
  EXPECT_EQ(view.failures, 1U);
  EXPECT_THAT(view.tasks[0].error, testing::HasSubstr("127.0.0.1"));
  EXPECT_THAT(view.tasks[0].error, testing::Not(testing::HasSubstr("hidden")));
  EXPECT_GT(view.tasks[0].next_try, clock_.Now());
  warm_up->RunOnce({});
  EXPECT_EQ(warm_up->View().tasks[0].attempts, 1U) << "not before its time";
  clock_.Advance(31 * kSecond);
  warm_up->RunOnce({});
  EXPECT_EQ(warm_up->View().tasks[0].attempts, 2U);
}

// A server that takes calls and never answers.
class SilentServer {
 public:
  SilentServer() : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(bind(socket_, any, size), 0);
    EXPECT_EQ(listen(socket_, 8), 0);
    EXPECT_EQ(getsockname(socket_, any, &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~SilentServer() { close(socket_); }
  std::string Url() const { return fmt::format("http://127.0.0.1:{}", port_); }
  int Accept() const { return accept(socket_, nullptr, nullptr); }

 private:
  const int socket_;
  int port_ = 0;
};

TEST_F(WarmUpTest, AReloadReachesWhatRuns) {
  engine_.Rebuild(clock_.Now());
  const std::vector<Entry> entries = {Parse(kEntries)[2]};
  for (const bool elsewhere : {true, false}) {
    const SilentServer server;
    const auto warm_up = Make();
    WarmUpConfig silent;
    silent.url = server.Url();
    warm_up->Plan(entries, silent);
    std::thread running([&] { warm_up->RunOnce({}); });
    const int call = server.Accept();  // it waits for an answer now
    warm_up->Plan(elsewhere ? entries : std::vector<Entry>(), config_);
    running.join();
    close(call);
    const WarmUpView view = warm_up->View();
    ASSERT_EQ(view.tasks.size(), elsewhere ? 1U : 0U);
    if (elsewhere) {
      EXPECT_THAT(view.tasks[0].error, testing::HasSubstr("127.0.0.1:1:"));
    }
    EXPECT_EQ(Checkpoints(store_).Mark(EntryIdentity(entries[0])).value(), WarmUpMark::kWanted);
  }
}

TEST_F(WarmUpTest, AnEntryOfAFixedTimeIsRefused) {
  const auto warm_up = Make();
  warm_up->Plan(Parse("entries:\n- {name: a, kind: anomaly, expr: sum(load @ 5)}\n"), config_);
  warm_up->RunOnce({});
  ASSERT_EQ(warm_up->View().tasks.size(), 1U);
  EXPECT_EQ(warm_up->View().tasks[0].state, WarmUpState::kRefused);
}

}  // namespace
}  // namespace outrider
