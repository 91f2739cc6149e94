// SPDX-License-Identifier: Apache-2.0
#include "exporter/daemon/start_pages.h"

#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include "storage/base/duration.h"
#include "storage/base/hash.h"

namespace outrider {
namespace {

// Resident pages of files, KiB.
int RssFile() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    int kib = 0;
    if (word == "RssFile:" && status >> kib) return kib;
  }
  return -1;
}

struct Shape {
  virtual ~Shape() = default;
  virtual int Corners() const = 0;
};
struct Square : Shape {
  int Corners() const override { return 4; }
};

int written = 3;
const std::string kRelocated = "made when the program was loaded";

TEST(StartPages, ComeBackWhenTheyAreTouched) {
  const std::unique_ptr<Shape> shape = std::make_unique<Square>();
  written = 5;
  const uint64_t hash = Hash64("constants too");
  const int before = RssFile();
  ASSERT_GT(before, 0);
  EXPECT_GT(ReleaseStartPages(), size_t{1} << 20);
  EXPECT_LT(RssFile(), before / 2);
  EXPECT_EQ(written, 5);
  EXPECT_EQ(kRelocated, "made when the program was loaded");
  EXPECT_EQ(shape->Corners(), 4);
  EXPECT_EQ(Hash64("constants too"), hash);
  EXPECT_EQ(FormatDuration(90'000), "1m30s");
  EXPECT_THROW((void)std::string().at(1), std::out_of_range);  // the unwinder's tables
}

TEST(StartPages, WhileOthersRun) {
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> rounds{0};
  std::thread other([&] {
    while (!stop) rounds += Hash64(FormatDuration(90'000)) != 0 ? 1 : 0;
  });
  for (int i = 0; i < 100 || rounds < 1000; ++i) ReleaseStartPages();
  stop = true;
  other.join();
}

}  // namespace
}  // namespace outrider
