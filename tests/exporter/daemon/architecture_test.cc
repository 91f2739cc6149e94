// SPDX-License-Identifier: Apache-2.0
// docs/architecture.md names files; each of them exists.
#include <gtest/gtest.h>

#include <filesystem>

#include "storage/base/file.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

TEST(Architecture, EveryFileItNamesExists) {
  const std::string root = OUTRIDER_SOURCE_DIR;
  const auto text = ReadFile(root + "/docs/architecture.md");
  ASSERT_TRUE(text.ok()) << text.status();
  int named = 0;
  const auto parts = Split(*text, '`');
  for (size_t i = 1; i < parts.size(); i += 2) {
    const bool is_file = parts[i].ends_with(".cc") || parts[i].ends_with(".h");
    if (!is_file || !Contains(parts[i], "/")) continue;
    ++named;
    EXPECT_TRUE(FileExists(root + "/" + std::string(parts[i]))) << parts[i];
  }
  EXPECT_GE(named, 10);
}

TEST(Architecture, EveryRoomHasAShortReadme) {
  const std::filesystem::path root = OUTRIDER_SOURCE_DIR;
  for (const char* top : {"storage", "rules", "notifiers", "exporter"}) {
    for (const auto& entry : std::filesystem::directory_iterator(root / top)) {
      if (!entry.is_directory()) continue;
      const auto text = ReadFile(entry.path().string() + "/README.md");
      ASSERT_TRUE(text.ok()) << entry.path();
      EXPECT_LE(Split(*text, '\n').size(), 31u) << entry.path();
    }
  }
}

}  // namespace
}  // namespace outrider
