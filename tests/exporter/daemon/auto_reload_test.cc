// SPDX-License-Identifier: Apache-2.0
// When files that change are reloaded: a script of events on virtual time, with real files.
#include "exporter/daemon/auto_reload.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <utility>

#include "exporter/daemon/source_files.h"
#include "storage/base/file.h"

namespace outrider {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ScriptedWatch final : public FileWatch {
 public:
  void Watch(const std::set<std::string>& directories) override { watched = directories; }
  std::stop_token NextChange() override { return change_.get_token(); }
  std::set<std::string> Unfinished() const override { return unfinished; }
  FileChanges TakeChanges() override { return std::exchange(changes_, {}); }
  void Wake() override {
    changes_.others = true;
    Tell();
  }
  void Written(const std::string& name) {
    changes_.written.insert(name);
    Tell();
  }
  std::set<std::string> watched;
  std::set<std::string> unfinished = {"a.log"};

 private:
  void Tell() { std::exchange(change_, std::stop_source()).request_stop(); }
  FileChanges changes_;
  std::stop_source change_;
};

// Sleeping is when things happen: events at their times, until there is none left.
class ScriptedClock final : public Clock {
 public:
  Nanos NowNanos() const override { return now_; }
  int64_t MonotonicNanos() const override { return now_; }
  int64_t ThreadCpuNanos() const override { return 0; }
  bool SleepUntil(Nanos deadline, std::stop_token stop) const override {
    while (!events_.empty() && events_.begin()->first * kNanosPerMilli <= deadline) {
      now_ = std::max(now_, events_.begin()->first * kNanosPerMilli);
      const auto event = events_.begin()->second;
      events_.erase(events_.begin());
      event();
      if (stop.stop_requested()) return false;
    }
    now_ = std::max(now_, deadline);
    return !stop.stop_requested();
  }
  void At(Timestamp time, std::function<void()> event) { events_.emplace(time, std::move(event)); }

 private:
  mutable Nanos now_ = 0;
  mutable std::multimap<Timestamp, std::function<void()>> events_;
};

class AutoReloadTest : public ::testing::Test {
 protected:
  AutoReloadTest() {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    const auto top =
        std::filesystem::path(::testing::TempDir()) / (std::string("auto_") + info->name());
    std::filesystem::remove_all(top);
    std::filesystem::create_directories(top);
    file_ = (top / "rules.yml").string();
    Write("loaded");
    attempted_ = ReadSources({file_}).contents;
  }
  void Write(const std::string& text) { ASSERT_TRUE(WriteFileAtomically(file_, text).ok()); }
  // The file is written, and the watch says so.
  void WriteAt(Timestamp time, const std::string& text) {
    clock_.At(time, [this, text] {
      Write(text);
      watch_.Wake();
    });
  }
  // What was reloaded when, until `end`.
  std::vector<std::string> Run(Timestamp end) {
    std::stop_source stop;
    clock_.At(end, [&] { stop.request_stop(); });
    std::vector<std::string> reloads;
    const auto reload = [&] {
      reloads.push_back(fmt::format("{} {}", clock_.Now(), ReadFile(file_).value_or("none")));
      attempted_ = ReadSources({file_}).contents;
      refused_at_.reset();
      if (clock_.Now() < refuses_until_) refused_at_ = clock_.NowNanos();
    };
    const auto attempted = [this] {
      ++looks_;
      return attempted_;
    };
    RunAutoReload({watch_, clock_, [this] { return enabled_; },
                   [this] { return std::vector<std::string>{file_}; }, attempted,
                   [this] { return refused_at_; }, reload},
                  stop.get_token());
    return reloads;
  }

  std::string file_;
  std::map<std::string, std::string> attempted_;
  ScriptedWatch watch_;
  ScriptedClock clock_;
  bool enabled_ = true;
  Timestamp refuses_until_ = 0;  // whatever the text
  std::optional<Nanos> refused_at_;
  int looks_ = 0;  // at the texts
};

TEST_F(AutoReloadTest, OnceThingsAreQuiet) {
  WriteAt(10'000, "a");
  WriteAt(10'400, "b");
  WriteAt(10'800, "c");
  EXPECT_THAT(Run(60'000), ElementsAre("11300 c"));
  EXPECT_THAT(watch_.watched, ElementsAre(std::filesystem::path(file_).parent_path().string()));
}

TEST_F(AutoReloadTest, NotForEverQuietIsWaitedFor) {
  for (Timestamp t = 10'000; t < 30'000; t += 400) WriteAt(t, std::to_string(t));
  const std::vector<std::string> reloads = Run(60'000);
  EXPECT_GE(reloads.size(), 3U);
  EXPECT_EQ(reloads.front(), "15000 14800");
  EXPECT_TRUE(reloads.back().ends_with(" 29600")) << reloads.back();
}

TEST_F(AutoReloadTest, AFileThatIsStillWrittenIsWaitedFor) {
  clock_.At(10'000, [this] {
    Write("half");
    watch_.unfinished = {"rules.yml", "a.log"};
    watch_.Wake();
  });
  clock_.At(13'000, [this] {
    Write("whole");
    watch_.unfinished = {"a.log"};
    watch_.Wake();
  });
  EXPECT_THAT(Run(60'000), ElementsAre("13500 whole"));
}

TEST_F(AutoReloadTest, WhatIsTheSameIsNotReloaded) {
  clock_.At(10'000, [this] { watch_.Wake(); });  // a touch, another file
  WriteAt(20'000, "loaded");
  EXPECT_THAT(Run(60'000), IsEmpty());
}

// Whatever became of it: the same text is not tried again, the next one is. And back.
TEST_F(AutoReloadTest, EachTextOnce) {
  WriteAt(10'000, "broken");
  clock_.At(20'000, [this] { watch_.Wake(); });
  WriteAt(30'000, "mended");
  WriteAt(40'000, "broken");
  WriteAt(50'000, "loaded");
  EXPECT_THAT(Run(90'000),
              ElementsAre("10500 broken", "30500 mended", "40500 broken", "50500 loaded"));
}

// Until it goes well, and not sooner than every half minute; a new text need not wait.
TEST_F(AutoReloadTest, WhatFailedForAnotherReasonIsTriedAgain) {
  refuses_until_ = 120'000;
  WriteAt(10'000, "a");
  clock_.At(20'000, [this] { watch_.Wake(); });
  clock_.At(30'000, [this] { watch_.Wake(); });
  WriteAt(80'000, "b");
  EXPECT_THAT(Run(300'000),
              ElementsAre("10500 a", "41000 a", "71500 a", "80500 b", "111000 b", "141500 b"));
}

// Whoever asked for the reload that was refused.
TEST_F(AutoReloadTest, WhatOthersFailedWithIsTriedAgain) {
  refused_at_ = 0;
  EXPECT_THAT(Run(100'000), ElementsAre("30500 loaded"));
}

TEST_F(AutoReloadTest, ABusyLogBesideIsNoReasonToLook) {
  for (Timestamp t = 50; t < 100'000; t += 100) {
    clock_.At(t, [this] { watch_.Written("a.log"); });
  }
  EXPECT_THAT(Run(100'000), IsEmpty());
  EXPECT_EQ(looks_, 4);  // at the beginning, and every half minute
}

TEST_F(AutoReloadTest, ABusyLogBesideKeepsNobodyWaiting) {
  for (Timestamp t = 50; t < 60'000; t += 100) {
    clock_.At(t, [this] { watch_.Written("a.log"); });
  }
  WriteAt(10'000, "a");
  clock_.At(20'010, [this] {
    Write("b");
    watch_.Written("rules.yml");  // in place
  });
  const std::vector<std::string> reloads = Run(60'000);
  ASSERT_EQ(reloads.size(), 2U);
  EXPECT_LE(reloads[0], "11000 a");
  EXPECT_LE(reloads[1], "21010 b");
}

TEST_F(AutoReloadTest, TheFileBehindALinkIsASource) {
  const auto data = std::filesystem::path(file_).parent_path() / "data.txt";
  std::filesystem::rename(file_, data);
  std::filesystem::create_symlink("data.txt", file_);
  clock_.At(10'000, [this, data] {
    EXPECT_TRUE(WriteFileAtomically(data.string(), "a").ok());
    watch_.Written("data.txt");
  });
  EXPECT_THAT(Run(20'000), ElementsAre("10500 a"));
}

TEST_F(AutoReloadTest, WhatNobodyReportsIsFoundByLooking) {
  clock_.At(10'000, [this] { Write("silent"); });
  EXPECT_THAT(Run(90'000), ElementsAre("30500 silent"));
}

TEST_F(AutoReloadTest, AChangeDuringTheStartIsFoundAtOnce) {
  Write("newer");
  EXPECT_THAT(Run(60'000), ElementsAre("500 newer"));
}

TEST_F(AutoReloadTest, ItCanBeSwitchedOffAndOn) {
  WriteAt(10'000, "a");
  clock_.At(20'000, [this] {
    enabled_ = false;
    watch_.Wake();
  });
  WriteAt(40'000, "b");
  clock_.At(50'000, [this] { enabled_ = true; });
  EXPECT_THAT(Run(90'000), ElementsAre("10500 a", "50500 b"));
}

TEST_F(AutoReloadTest, AFileThatGoesAndComes) {
  clock_.At(10'000, [this] {
    std::filesystem::remove(file_);
    watch_.Wake();
  });
  WriteAt(20'000, "back");
  EXPECT_THAT(Run(60'000), ElementsAre("10500 none", "20500 back"));
}

}  // namespace
}  // namespace outrider
