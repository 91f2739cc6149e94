// SPDX-License-Identifier: Apache-2.0
// Times of refreshed alerts in blocks: what is written, what a start reads, when blocks go.
#include "notifiers/desk/alert_times.h"

#include <fmt/format.h>

#include "storage/state/row_codec.h"
#include "storage/state/schema.h"
#include "tests/notifiers/desk/desk_fixture.h"

namespace outrider {
namespace {

TEST(AlertTimes, AreReadAsWritten) {
  const std::vector<AlertTimes> block = {
      {.fingerprint = 1, .ends_at = {kT0 + Sec(300), 0}, .updated_at = kT0, .timeout = true},
      {.fingerprint = ~uint64_t{0},
       .ends_at = {kT0, -3600},
       .updated_at = kT0 - Sec(5),
       .value = -0.5,
       .refreshed = true},
      {.fingerprint = 2, .ends_at = {0, 0}, .updated_at = INT64_MIN},
      {.fingerprint = 3, .ends_at = {INT64_MAX, 7200}, .updated_at = INT64_MAX},
  };
  const std::string row = EncodeAlertTimes(block, kT0);
  const auto read = DecodeAlertTimes(row);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, block);
  for (size_t cut = 0; cut < row.size(); ++cut) {
    EXPECT_FALSE(DecodeAlertTimes(row.substr(0, cut)).ok()) << cut;
  }
  EXPECT_EQ(ReadAlertTimesKey(AlertTimesKey(77)).value(), 77U);
  EXPECT_FALSE(ReadAlertTimesKey("alert_times").ok());
}

class AlertTimesTest : public DeskTest {
 protected:
  static constexpr int kMany = 10;
  // Alerts `from` to `to`, which end in `lasts` seconds, are posted at second `at`.
  void Post(int at, int64_t lasts, int from = 0, int to = kMany) {
    clock_.Set(kT0 + Sec(at));
    std::vector<Alert> alerts;
    for (int i = from; i < to; ++i) {
      Alert& alert = alerts.emplace_back();
      alert.labels = Labels({{"alertname", "Posted"}, {"nr", fmt::format("{:02}", i)}});
      alert.starts_at = {kT0, 0};
      alert.ends_at = {kT0 + Sec(at + lasts), 0};
    }
    ASSERT_TRUE(desk_->PostAlerts(alerts, clock_.NowNanos()).ok());
  }
  std::map<std::string, uint64_t> Versions(Family family, std::string_view prefix) {
    std::map<std::string, uint64_t> versions;
    EXPECT_TRUE(disk_
                    ->Scan(family, prefix, "",
                           [&](const Row& row) {
                             versions[row.key] = row.version;
                             return true;
                           })
                    .ok());
    return versions;
  }
  size_t Blocks() { return Versions(Family::kMeta, kAlertTimesPrefix).size(); }
  // By number: when alerts that fire end, in seconds.
  std::map<std::string, int64_t> Ends() {
    std::map<std::string, int64_t> ends;
    for (const AlertView& view : desk_->Alerts(clock_.NowNanos())) {
      const int64_t end = view.alert.ends_at.nanos - kT0;
      ends[std::string(view.alert.labels.Get("nr"))] = end / kNanosPerSecond;
    }
    return ends;
  }
};

TEST_F(AlertTimesTest, ARepeatWritesOneRowForAll) {
  Post(0, 240);
  const auto before = Versions(Family::kAlerts, "");
  ASSERT_EQ(before.size(), 10U);
  EXPECT_EQ(Blocks(), 0U);
  Post(5, 240);
  EXPECT_EQ(Blocks(), 1U) << "that they are refreshed must not be lost";
  Post(10, 240);
  EXPECT_EQ(Blocks(), 1U) << "at most once a minute";
  Post(66, 240);
  EXPECT_EQ(Blocks(), 2U);
  EXPECT_EQ(Versions(Family::kAlerts, ""), before);
  Post(70, 240, 10, 17);
  Post(75, 240, 10, 17);
  EXPECT_EQ(Blocks(), 2U) << "a few get rows";
}

TEST_F(AlertTimesTest, AStartReadsTheNewest) {
  Post(0, 240);
  Post(5, 240);
  Post(66, 1000);
  Post(70, 300, 0, 1);  // not written: it was a moment ago
  for (int starts = 0; starts < 3; ++starts) {
    Start(*disk_);
    const auto ends = Ends();
    ASSERT_EQ(ends.size(), 10U);
    for (const auto& [nr, end] : ends) EXPECT_EQ(end, 1066) << nr;
  }
  Post(80, 1000);
  EXPECT_EQ(Blocks(), 3U) << "what the new process has not written yet is written at once";
  Start(*disk_);
  EXPECT_EQ(Ends()["09"], 1080);
}

TEST_F(AlertTimesTest, OldBlocksGoAndWhatTheyAloneKnowIsKept) {
  Post(0, 7200);
  Post(5, 7200);
  Post(66, 7200, 0, 8);  // two are not refreshed any more
  const auto rows = Versions(Family::kAlerts, "");
  Post(156, 7200, 0, 8);
  EXPECT_EQ(Blocks(), 2U) << "the first is dropped, a third is made";
  size_t written = 0;
  for (const auto& [key, version] : Versions(Family::kAlerts, "")) {
    written += version != rows.at(key);
  }
  EXPECT_EQ(written, 2U);
  Start(*disk_);
  auto ends = Ends();
  EXPECT_EQ(ends["07"], 7356);
  EXPECT_EQ(ends["08"], 7205);
  // And over a start: the blocks are as young as the process.
  Post(200, 7200, 20, 21);
  EXPECT_EQ(Blocks(), 2U);
  Post(307, 7200, 20, 21);
  EXPECT_EQ(Blocks(), 0U);
  Start(*disk_);
  ends = Ends();
  EXPECT_EQ(ends["07"], 7356);
  EXPECT_EQ(ends["09"], 7205);
}

TEST_F(AlertTimesTest, ABlockIsOlderThanTheRowsBehindIt) {
  Post(0, 240);
  Post(5, 240);
  Post(10, 0, 0, 2);  // two are over
  Run(700);           // and forgotten
  const int now = static_cast<int>((clock_.NowNanos() - kT0) / Sec(1));
  Post(now, 240, 0, 2);  // begin anew, with an exact end
  ASSERT_EQ(Blocks(), 0U) << "some time has passed";
  Start(*disk_);
  EXPECT_EQ(Ends()["00"], now + 240);
}

TEST_F(AlertTimesTest, OneThatEndedAndFiresAgainIsNotRefreshed) {
  Post(0, 240);
  Post(5, 240);
  Post(10, 0, 0, 2);
  Post(20, 100, 0, 2);
  EXPECT_EQ(Blocks(), 1U);
  Start(*disk_);
  const auto ends = Ends();
  EXPECT_EQ(ends.at("00"), 120);
  EXPECT_EQ(ends.at("02"), 245);
}

TEST_F(AlertTimesTest, AClockThatIsSetBackLeavesNone) {
  desk_->Watch(clock_);
  Post(0, 7200);
  Post(5, 7200);
  ASSERT_EQ(Blocks(), 1U);
  clock_.Set(kT0 + Sec(5 - 86400));
  ASSERT_TRUE(desk_->Tick(clock_.NowNanos()).ok());
  EXPECT_EQ(Blocks(), 0U);
  Start(*disk_);
  EXPECT_EQ(Ends()["00"], 7205 - 86400);
}

// As it was before blocks: without the number of one.
TEST_F(AlertTimesTest, RowsOfTheFormatBeforeAreRead) {
  const Labels labels({{"alertname", "Old"}, {"nr", "old"}});
  RowWriter row(2);
  row.Text(labels.packed()).Text(PackDetails({{"summary", "s"}}, "http://g/"));
  row.I64(kT0).I64(0).I64(kT0 + Sec(500)).I64(0).I64(kT0).Bool(false).Enum(AlertSource::kApi);
  row.Double(0).Bool(true).Bool(false).Bool(false).Text("").I64(0);
  Batch batch;
  batch.Put(Family::kAlerts, AlertKey(labels.Fingerprint()), row.Take());
  ASSERT_TRUE(disk_->Commit(batch, Durability::kSynced).ok());
  Start(*disk_);
  EXPECT_EQ(Ends()["old"], 500);
}

}  // namespace
}  // namespace outrider
