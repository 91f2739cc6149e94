// SPDX-License-Identifier: Apache-2.0
// Detectors after a restart equal detectors without: the same bits, wherever the process was killed
// or stopped, on any store; and what cannot be read is begun anew, said and counted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <filesystem>
#include <random>

#include "rules/analytics/analytics_engine.h"
#include "rules/analytics/analytics_file.h"
#include "storage/base/text.h"
#include "storage/state/memory_store.h"
#include "storage/state/rocksdb_store.h"
#include "storage/window/windows.h"
#include "tests/rules/analytics/fake_windows.h"
#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

constexpr Timestamp kStart = 1'763'700'000'000;
constexpr const char* kEntries = R"(entries:
- {name: load, kind: anomaly, expr: node_load1}
- {name: auto, kind: anomaly, expr: node_load1, detector: auto}
- {name: shift, kind: anomaly, expr: node_load1, detector: level_shift}
- {name: novelty, kind: anomaly, expr: node_load1, detector: novelty}
- {name: robust, kind: anomaly, expr: node_load1, detector: robust_z, threshold: 3}
- {name: sum, kind: anomaly, expr: sum(node_load5), interval: 1m}
- {name: peers, kind: anomaly, expr: node_load1, detector: peers}
)";

std::vector<Entry> Parse(const std::string& text) {
  const auto file = ParseAnalyticsFile(text, "a.yml");
  EXPECT_TRUE(file.ok()) << file.status();
  return file.ok() ? file->entries : std::vector<Entry>();
}

Labels Load(int instance) {
  return Labels({{"__name__", "node_load1"}, {"instance", std::to_string(instance)}});
}

// One daemon's analytics over windows that others may use too.
class Daemon {
 public:
  Daemon(const Windows& windows, StateStore* state) : windows_(windows), state_(state) {}
  void Start(Timestamp now, const std::string& entries = kEntries) {
    engine_ = std::make_unique<AnalyticsEngine>(Parse(entries), options_,
                                                AnalyticsSeams{.engine = promql_,
                                                               .querier = windows_,
                                                               .table = table_,
                                                               .feed = &windows_,
                                                               .state = state_});
    engine_->Rebuild(now);
  }
  void Run(Timestamp now) {
    engine_->Run(now);
    EXPECT_TRUE(engine_->Checkpoint(now).ok());
  }
  void Stop(Timestamp now) {
    EXPECT_TRUE(engine_->Checkpoint(now, AnalyticsEngine::Part::kAll).ok());
    engine_.reset();
  }
  void Kill() { engine_.reset(); }
  AnalyticsEngine& engine() { return *engine_; }
  std::map<std::string, double> Derived() const { return DerivedText(table_); }

 private:
  const Windows& windows_;
  StateStore* state_;
  FakeClock clock_;
  promql::Engine promql_{promql::EngineOptions(), clock_};
  DerivedTable table_;
  AnalyticsOptions options_;
  std::unique_ptr<AnalyticsEngine> engine_;
};

class TempDir {
 public:
  TempDir() {
    std::string pattern = testing::TempDir() + "analytics_XXXXXX";
    path_ = ::mkdtemp(pattern.data());
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Series that come, go, skip, jump, arrive late and in batches.
class World {
 public:
  explicit World(uint32_t seed) : random_(seed) {
    WindowsOptions options;
    options.retention = 2 * kHour;
    options.unreferenced_retention = kHour;
    options.late_window = 5 * kMinute;
    windows_ = std::make_unique<Windows>(options);
  }
  Windows& windows() { return *windows_; }
  uint32_t Random() { return static_cast<uint32_t>(random_()); }
  void Step(Timestamp now) {
    if (Random() % 400 == 0) ++instances_;
    for (int instance = 0; instance < instances_; ++instance) {
      if (Random() % 20 == 0) continue;
      double value = 10 + instance + std::sin(static_cast<double>(now) / 6e5) +
                     static_cast<double>(Random() % 1000) / 1000;
      if (Random() % 300 == 0) value *= 5;
      if (Random() % 1000 == 0) value = StaleNan();
      if (Random() % 500 == 0) value = std::nan("");
      const Timestamp time = now - Random() % 3000 - (Random() % 50 == 0 ? 20'000 : 0);
      Send(Load(instance), {time, value}, now);
    }
    // What is evaluated must not depend on what comes behind its evaluation.
    for (int instance = 0; instance < 2; ++instance) {
      Send(Labels({{"__name__", "node_load5"}, {"instance", std::to_string(instance)}}),
           {now, 5 + static_cast<double>(Random() % 1000) / 500}, now);
    }
    if (Random() % 100 == 0) windows_->Expire();
  }

 private:
  void Send(const Labels& labels, const Sample& sample, Timestamp now) {
    windows_->Append(std::vector<LabelView>(labels.begin(), labels.end()), {&sample, 1},
                     Origin::kRemote, now);
  }

  std::mt19937 random_;
  std::unique_ptr<Windows> windows_;
  int instances_ = 4;
};

bool SameBits(const std::map<std::string, double>& a, const std::map<std::string, double>& b,
              bool with_onsets, std::string* difference) {
  for (const auto& [name, value] : a) {
    const auto other = b.find(name);
    if (other == b.end()) {
      *difference = name + " is missing";
      return false;
    }
    if (!with_onsets && name.starts_with("outrider_anomaly_onset_score")) continue;
    // What peers learnt since they were saved is lost when the process is killed.
    if (Contains(name, "entry=\"peers\"")) continue;
    if (std::bit_cast<uint64_t>(value) != std::bit_cast<uint64_t>(other->second)) {
      *difference = name + ": " + std::to_string(value) + " or " + std::to_string(other->second);
      return false;
    }
  }
  if (a.size() != b.size()) *difference = "more than expected";
  return a.size() == b.size();
}

class RestartTest : public testing::TestWithParam<bool> {};

TEST_P(RestartTest, NobodyCanTell) {
  const bool on_disk = GetParam();
  for (uint32_t seed = 1; seed <= (on_disk ? 2U : 4U); ++seed) {
    const TempDir dir;
    std::unique_ptr<StateStore> store = std::make_unique<MemoryStore>();
    if (on_disk) store = OpenRocksDbStore(dir.path()).value();
    World world(seed);
    Daemon steady(world.windows(), nullptr);
    auto other = std::make_unique<Daemon>(world.windows(), store.get());
    steady.Start(kStart);
    other->Start(kStart);
    int restarts = 0;
    // Behind a kill an onset of the newest samples may be told again, until others come.
    int told_again = 0;
    size_t compared = 0;
    for (int i = 1; i <= 2500; ++i) {
      const Timestamp now = kStart + i * 15 * kSecond;
      if (world.Random() % 150 == 0) {
        const bool killed = world.Random() % 2 == 0;
        told_again = killed ? 8 : told_again;
        killed ? other->Kill() : other->Stop(now - 1000);
        other.reset();
        if (on_disk) {
          store.reset();
          store = OpenRocksDbStore(dir.path()).value();
        }
        other = std::make_unique<Daemon>(world.windows(), store.get());
        other->Start(now - 500);
        ++restarts;
      }
      world.Step(now);
      steady.Run(now + 200);
      other->Run(now + 200);
      std::string difference;
      ASSERT_TRUE(SameBits(steady.Derived(), other->Derived(), told_again == 0, &difference))
          << "seed " << seed << ", step " << i << ", restart " << restarts << ": " << difference;
      told_again = std::max(told_again - 1, 0);
      compared += steady.Derived().size();
    }
    EXPECT_GT(restarts, 5);
    EXPECT_GT(compared, 50'000U);
    EXPECT_GT(other->engine().Checkpoints().restored, 3U);
    EXPECT_EQ(other->engine().Checkpoints().lost, 0U);
  }
}

INSTANTIATE_TEST_SUITE_P(Stores, RestartTest, testing::Bool(),
                         [](const auto& of) { return of.param ? "RocksDb" : "Memory"; });

// A daemon that has run for an hour, everything saved.
class SavedTest : public testing::Test {
 protected:
  SavedTest() : daemon_(world_.windows(), &store_) {
    daemon_.Start(kStart, kOne);
    for (int i = 1; i <= 240; ++i) Step(i);
    now_ = kStart + 240 * 15 * kSecond;
    daemon_.Stop(now_);
  }
  void Step(int i) {
    const Timestamp now = kStart + i * 15 * kSecond;
    world_.Step(now);
    daemon_.Run(now);
  }
  std::vector<std::string> Keys() const {
    std::vector<std::string> keys;
    EXPECT_TRUE(store_
                    .Scan(Family::kAnalytics, "", "",
                          [&](const Row& row) {
                            if (row.key.size() == 32) keys.push_back(row.key);
                            return true;
                          })
                    .ok());
    return keys;
  }
  void Put(const std::string& key, std::string value) {
    Batch batch;
    batch.Put(Family::kAnalytics, key, std::move(value));
    ASSERT_TRUE(store_.Commit(batch, Durability::kBuffered).ok());
  }

  static constexpr const char* kOne =
      "entries:\n- {name: load, kind: anomaly, expr: node_load1, detector: robust_z}\n";
  World world_{7};
  MemoryStore store_;
  Daemon daemon_;
  Timestamp now_ = 0;
};

TEST_F(SavedTest, CorruptRowsAreSkippedAndCounted) {
  const auto keys = Keys();
  ASSERT_GE(keys.size(), 4U);
  const std::string good = (*store_.Get(Family::kAnalytics, keys[0]))->value;
  Put(keys[0], good.substr(0, good.size() / 2));
  Put(keys[1], "");
  std::string newer = good;
  newer[8] = 99;
  Put(keys[2], newer);
  daemon_.Start(now_, kOne);
  EXPECT_EQ(daemon_.engine().Checkpoints().lost, 3U);
  EXPECT_EQ(daemon_.engine().Checkpoints().restored, keys.size() - 3);
  daemon_.Run(now_ + 1000);
  EXPECT_EQ(daemon_.Derived().size(), 5 * daemon_.engine().Entries()[0].series)
      << "those series begin anew from the windows";
}

TEST_F(SavedTest, AnEntryThatComesBackHasItsState) {
  // A reload with a typing error, and one that mends it.
  daemon_.Start(now_, kOne);
  daemon_.Run(now_ + 1000);
  const size_t rows = Keys().size();
  daemon_.engine().Replace(
      Parse("entries:\n- {name: load, kind: anomaly, expr: node_laod1, detector: robust_z}\n"),
      now_ + 2000);
  daemon_.Run(now_ + 20'000);
  EXPECT_EQ(Keys().size(), rows) << "nothing is lost";
  EXPECT_EQ(daemon_.engine().Entries()[0].series, 0U);
  world_.windows().SetReferences({});
  const uint64_t restored = daemon_.engine().Checkpoints().restored;
  daemon_.engine().Replace(Parse(kOne), now_ + 30'000);
  daemon_.Run(now_ + 40'000);
  EXPECT_EQ(daemon_.engine().Checkpoints().restored - restored,
            daemon_.engine().Entries()[0].series);
  EXPECT_GT(daemon_.engine().Entries()[0].series, 0U);
}

TEST_F(SavedTest, RowsOfEntriesThatAreGoneGoAfterAWeek) {
  EXPECT_FALSE(Keys().empty());
  daemon_.Start(now_,
                "entries:\n- {name: load, kind: anomaly, expr: node_load1, "
                "detector: robust_z, threshold: 5}\n");
  EXPECT_EQ(daemon_.engine().Checkpoints().restored, 0U) << "other options: another state";
  const auto before = Keys();
  daemon_.Run(now_ + 1000);
  EXPECT_THAT(Keys(), testing::IsSupersetOf(before));
  const Timestamp later = now_ + 8 * kDay;
  daemon_.Run(later);
  world_.Step(later);
  daemon_.Run(later + 1000);
  daemon_.Stop(later + 1000);
  EXPECT_FALSE(Keys().empty());
  for (const std::string& key : Keys()) {
    EXPECT_THAT(before, testing::Not(testing::Contains(key)));
  }
}

TEST_F(SavedTest, RowsOfSeriesThatAreGoneForLongGo) {
  const size_t before = Keys().size();
  daemon_.Start(now_, kOne);
  const Timestamp later = now_ + 8 * kDay;
  daemon_.Run(later);
  EXPECT_EQ(daemon_.engine().Entries()[0].series, 0U);
  EXPECT_GT(before, 0U);
  EXPECT_THAT(Keys(), testing::IsEmpty());
}

TEST_F(SavedTest, AReloadKeepsTheStateOfUnchangedEntries) {
  daemon_.Start(now_, kOne);
  daemon_.Run(now_ + 1000);
  const auto before = daemon_.Derived();
  ASSERT_FALSE(before.empty());
  // Without history to rebuild from: what is there afterwards was kept.
  world_.windows().SetReferences({});
  daemon_.engine().Replace(
      Parse(std::string(kOne) + "- {name: other, kind: anomaly, expr: node_load1, "
                                "detector: peers}\n"),
      now_ + 2000);
  daemon_.Run(now_ + 2000);
  const auto after = daemon_.Derived();
  EXPECT_GT(after.size(), before.size());
  for (const auto& [name, value] : before) {
    ASSERT_TRUE(after.contains(name)) << name;
    EXPECT_EQ(std::bit_cast<uint64_t>(after.at(name)), std::bit_cast<uint64_t>(value)) << name;
  }
  EXPECT_GT(daemon_.engine().Checkpoints().restored, 0U);
}

TEST_F(SavedTest, ASeriesThatComesBackAfterHoursHasItsState) {
  daemon_.Start(now_, kOne);
  daemon_.Run(now_);
  const uint64_t restored = daemon_.engine().Checkpoints().restored;
  for (Timestamp now = now_; now < now_ + 2 * kHour; now += kMinute) daemon_.Run(now);
  EXPECT_EQ(daemon_.engine().Entries()[0].series, 0U);
  const Timestamp back = now_ + 2 * kHour;
  world_.Step(back);
  daemon_.Run(back);
  EXPECT_GT(daemon_.engine().Entries()[0].series, 0U);
  EXPECT_GT(daemon_.engine().Checkpoints().restored, restored);
}

}  // namespace
}  // namespace outrider
