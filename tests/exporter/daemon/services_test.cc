// SPDX-License-Identifier: Apache-2.0
// What a reload that went wrong leaves behind for the next one.
#include "exporter/daemon/services.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "storage/base/file.h"
#include "storage/state/memory_store.h"
#include "tests/exporter/daemon/daemon_fixture.h"
#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

class ServicesTest : public ::testing::Test {
 protected:
  ServicesTest() {
    std::filesystem::remove_all(top_);
    std::filesystem::create_directories(top_);
    Write("outrider.yml", "alerting: {config_file: am.yml}\n");
    Route("a");
    const LoadedFiles files = LoadFiles(Config()).value();
    AppOptions options;
    options.config_file = Config();
    options.storage_path = (top_ / "data").string();
    services_ = Services::Make(files, options, "http://x.example", clock_, random_,
                               std::make_unique<SharedStore>(memory_, broken_))
                    .value();
    EXPECT_TRUE(services_->Load(files, ReadSources(SourcePatterns(Config(), {}))).ok());
    // Its group is kept in the store, so a reload that routes it elsewhere has to write.
    Alert alert;
    alert.labels = {{"alertname", "A"}};
    alert.starts_at = {kT0, 0};
    alert.ends_at = {kT0 + 3600 * kNanosPerSecond, 0};
    EXPECT_TRUE(services_->desk->PostAlerts({&alert, 1}, kT0).ok());
  }
  std::string Config() const { return (top_ / "outrider.yml").string(); }
  void Write(const std::string& name, const std::string& text) const {
    EXPECT_TRUE(WriteFileAtomically((top_ / name).string(), text).ok());
  }
  void Route(const std::string& receiver) const {
    Write("am.yml", "route: {receiver: " + receiver +
                        ", group_by: [alertname]}\nreceivers: [{name: a}, {name: b}]\n");
  }
  Status Reload() {
    return services_->Reload(Config(), {.asked = false, .who = "", .channel = "files"});
  }
  // Of the files as they are.
  bool Attempted() const {
    return services_->Sources().contents == ReadSources(SourcePatterns(Config(), {})).contents;
  }

  const std::filesystem::path top_ = std::filesystem::path(::testing::TempDir()) / "services_test";
  // Not a full disk, which the desk bears: it keeps what it decides in memory.
  bool broken_ = false;
  MemoryStore memory_;
  FakeClock clock_{kT0};
  SeededRandom random_{1};
  std::unique_ptr<Services> services_;
};

TEST_F(ServicesTest, ARefusalOfTheStoreIsNotThatOfTheText) {
  EXPECT_EQ(services_->RefusedAt(), std::nullopt);
  Route("b");
  broken_ = true;
  clock_.Advance(kMinute);
  EXPECT_FALSE(Reload().ok());
  EXPECT_TRUE(Attempted());
  EXPECT_EQ(services_->RefusedAt(), clock_.NowNanos());
  broken_ = false;
  EXPECT_TRUE(Reload().ok());
  EXPECT_EQ(services_->RefusedAt(), std::nullopt);

  broken_ = true;
  Route("a");
  EXPECT_FALSE(Reload().ok());
  EXPECT_EQ(services_->RefusedAt(), clock_.NowNanos());
  Route("nobody");
  EXPECT_FALSE(Reload().ok());
  EXPECT_TRUE(Attempted());
  EXPECT_EQ(services_->RefusedAt(), std::nullopt);
}

}  // namespace
}  // namespace outrider
