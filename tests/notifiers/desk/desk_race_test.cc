// SPDX-License-Identifier: Apache-2.0
// People and rules that act on one incident at the same moment, on a store that syncs: one event is
// first, the others are decided after it and say so.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <barrier>
#include <filesystem>
#include <thread>

#include "storage/state/rocksdb_store.h"
#include "tests/notifiers/desk/desk_fixture.h"

namespace outrider {
namespace {

class DeskRaceTest : public DeskTest {
 protected:
  DeskRaceTest() {
    std::filesystem::remove_all(directory_);
    rocks_ = OpenRocksDbStore(directory_.string()).value();
    Start(*rocks_);
  }
  ~DeskRaceTest() override {
    dispatcher_.reset();
    desk_.reset();
    rocks_.reset();
    std::filesystem::remove_all(directory_);
  }
  // Runs both at once.
  template <typename A, typename B>
  static void Together(A&& a, B&& b) {
    std::barrier start(2);
    const std::jthread first([&] {
      start.arrive_and_wait();
      a();
    });
    const std::jthread second([&] {
      start.arrive_and_wait();
      b();
    });
  }

  const std::filesystem::path directory_ =
      std::filesystem::path(testing::TempDir()) / fmt::format("desk-race-{}", getpid());
  std::unique_ptr<StateStore> rocks_;
};

TEST_F(DeskRaceTest, OfTwoWhoAcknowledgeOneWinsAndTheOtherReadsWho) {
  for (int round = 0; round < 20; ++round) {
    clock_.Set(kT0 + Sec(round));  // the newest is the one of this round
    ASSERT_TRUE(Fire(MakeAlert(fmt::format("Down{}", round).c_str(), "critical")).ok());
    const std::string id = Newest()->id;
    std::array<Desk::IncidentResult, 2> answers{absl::UnknownError(""), absl::UnknownError("")};
    const auto acknowledge = [&](size_t who) {
      answers[who] =
          desk_->Acknowledge({id, fmt::format("person{}", who), "slack", ""}, clock_.NowNanos());
    };
    Together([&] { acknowledge(0); }, [&] { acknowledge(1); });
    const size_t winner = answers[0].ok() ? 0 : 1;
    ASSERT_TRUE(answers[winner].ok()) << answers[winner].status();
    EXPECT_EQ((*answers[winner])->acknowledged_by, fmt::format("person{}", winner));
    EXPECT_TRUE(absl::IsFailedPrecondition(answers[1 - winner].status()));
    EXPECT_NE(Message(answers[1 - winner].status())
                  .find(fmt::format("acknowledged by person{} 0s ago through slack", winner)),
              std::string::npos)
        << answers[1 - winner].status();
  }
  Start(*rocks_);  // what was answered is on disk
  EXPECT_EQ(desk_->Stats(clock_.NowNanos())
                .incidents.at(std::pair(IncidentState::kAcknowledged, Severity::kCritical)),
            20U);
  EXPECT_TRUE(desk_->VerifyAudit().ok());
}

TEST_F(DeskRaceTest, AnAcknowledgeAgainstTheEndOfTheLastAlert) {
  for (int round = 0; round < 20; ++round) {
    clock_.Set(kT0 + Sec(round));
    const Alert alert = MakeAlert(fmt::format("Down{}", round).c_str(), "critical");
    ASSERT_TRUE(Fire(alert).ok());
    const std::string id = Newest()->id;
    Desk::IncidentResult answer = absl::UnknownError("");
    Status ended;
    Together([&] { answer = desk_->Acknowledge(By(id), clock_.NowNanos()); },
             [&] { ended = End(alert); });
    ASSERT_TRUE(ended.ok());
    const auto incident = desk_->GetIncident(id, clock_.NowNanos()).value().incident;
    EXPECT_EQ(incident->state, IncidentState::kResolved) << "whoever was first";
    EXPECT_EQ(incident->Clock(SlaKind::kAcknowledge).discarded, !answer.ok())
        << "nobody answered it, or somebody did";
    if (answer.ok()) {
      EXPECT_EQ(incident->acknowledged_by, "anna");
    } else {
      EXPECT_NE(Message(answer.status()).find("resolved by the system"), std::string::npos)
          << answer.status();
    }
  }
  EXPECT_TRUE(desk_->VerifyAudit().ok());
}

}  // namespace
}  // namespace outrider
