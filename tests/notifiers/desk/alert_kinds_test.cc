// SPDX-License-Identifier: Apache-2.0
// Alerts by name, severity and state, for /metrics: kept as they come and go where nothing can hold
// one back, else counted.
#include "tests/notifiers/desk/desk_fixture.h"

namespace outrider {
namespace {

class AlertKindsTest : public DeskTest {
 protected:
  std::string Told() {
    std::string told;
    for (const auto& [key, count] : desk_->Stats(clock_.NowNanos()).alerts) {
      told += key.alertname + "/" + key.severity + "/" + key.state + "=" + std::to_string(count);
      told += " ";
    }
    return told;
  }
  // A silence of something else has all of them looked at.
  std::string Counted() {
    const std::string id = Mute("Nothing", clock_.NowNanos(), clock_.NowNanos() + Sec(60));
    std::string told = Told();
    EXPECT_TRUE(desk_->ExpireSilence(id, "api", clock_.NowNanos()).ok());
    return told;
  }
  Alert Make(const char* name, const char* severity, const char* nr) {
    Alert alert = MakeAlert(name, severity);
    alert.labels = alert.labels.With("nr", nr);
    return alert;
  }
  void Is(const std::string& wanted) {
    EXPECT_EQ(Told(), wanted);
    EXPECT_EQ(Counted(), wanted);
  }
};

TEST_F(AlertKindsTest, AreTheSameKeptAndCounted) {
  Is("");
  ASSERT_TRUE(Fire(Make("Down", "high", "1")).ok());
  ASSERT_TRUE(Fire(Make("Down", "high", "2")).ok());
  ASSERT_TRUE(Fire(Make("Down", "low", "3")).ok());
  ASSERT_TRUE(Fire(Make("Do", "wnhigh", "4")).ok());
  ASSERT_TRUE(Fire(Make("Down", "", "5")).ok());
  const std::string all = "Do/wnhigh/active=1 Down//active=1 Down/high/active=2 Down/low/active=1 ";
  Is(all);
  Start(*disk_);
  Is(all);
  ASSERT_TRUE(End(Make("Down", "high", "2")).ok());
  ASSERT_TRUE(End(Make("Down", "low", "3")).ok());
  Is("Do/wnhigh/active=1 Down//active=1 Down/high/active=1 ");
  const std::string id = Mute("Down", clock_.NowNanos(), clock_.NowNanos() + Sec(60));
  EXPECT_EQ(Told(), "Do/wnhigh/active=1 Down//suppressed=1 Down/high/suppressed=1 ");
  ASSERT_TRUE(desk_->ExpireSilence(id, "api", clock_.NowNanos()).ok());
  Alert ends = Make("Ends", "low", "6");
  ends.ends_at = {clock_.NowNanos() + Sec(30), 0};
  ASSERT_TRUE(desk_->PostAlerts({&ends, 1}, clock_.NowNanos()).ok());
  Is("Do/wnhigh/active=1 Down//active=1 Down/high/active=1 Ends/low/active=1 ");
  clock_.Advance(31 * kSecond);  // nobody has decided that it is over
  Is("Do/wnhigh/active=1 Down//active=1 Down/high/active=1 ");
}

}  // namespace
}  // namespace outrider
