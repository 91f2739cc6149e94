// SPDX-License-Identifier: Apache-2.0
// The kernel's reports: each way in which files change is noticed.
#include "exporter/daemon/inotify_watch.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>

#include "storage/base/file.h"

namespace outrider {
namespace {

namespace fs = std::filesystem;

// Blocks until the token is stopped; false after ten seconds.
bool Comes(const std::stop_token& change) {
  std::mutex mutex;
  std::condition_variable_any came;
  std::unique_lock lock(mutex);
  came.wait_for(lock, change, std::chrono::seconds(10), [] { return false; });
  return change.stop_requested();
}

class InotifyWatchTest : public ::testing::Test {
 protected:
  InotifyWatchTest() {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    top_ = fs::path(::testing::TempDir()) / (std::string("inotify_") + info->name());
    fs::remove_all(top_);
    fs::create_directories(top_ / "sub");
    Write("old.yml");
    watch_ = InotifyWatch::Open().value();
    watch_->Watch({top_.string()});
  }
  void Write(const std::string& name) const { std::ofstream(top_ / name) << "text"; }
  fs::path top_;
  std::unique_ptr<InotifyWatch> watch_;
};

TEST_F(InotifyWatchTest, EachKindOfChange) {
  const std::pair<const char*, std::function<void()>> cases[] = {
      {"written", [&] { Write("old.yml"); }},
      {"made", [&] { Write("new.yml"); }},
      {"renamed over", [&] { fs::rename(top_ / "new.yml", top_ / "old.yml"); }},
      {"linked", [&] { fs::create_symlink("old.yml", top_ / "link"); }},
      {"link replaced",
       [&] {
         fs::create_symlink("sub", top_ / "link_tmp");
         fs::rename(top_ / "link_tmp", top_ / "link");
       }},
      {"removed", [&] { fs::remove(top_ / "old.yml"); }},
      {"moved here",
       [&] {
         Write("sub/x");
         fs::rename(top_ / "sub/x", top_ / "x");
       }},
      {"moved away", [&] { fs::rename(top_ / "x", top_ / "sub/x"); }},
      {"a directory made", [&] { fs::create_directory(top_ / "dir"); }},
  };
  for (const auto& [name, change] : cases) {
    const std::stop_token token = watch_->NextChange();
    change();
    EXPECT_TRUE(Comes(token)) << name;
  }
}

TEST_F(InotifyWatchTest, OtherDirectories) {
  watch_->Watch({(top_ / "sub").string(), (top_ / "nowhere").string()});
  const std::stop_token token = watch_->NextChange();
  Write("old.yml");  // not watched any more
  Write("sub/x");
  EXPECT_TRUE(Comes(token));
  fs::remove_all(top_ / "sub");  // a watched directory may go
  watch_->Watch({top_.string()});
  const std::stop_token next = watch_->NextChange();
  Write("old.yml");
  EXPECT_TRUE(Comes(next));
}

TEST_F(InotifyWatchTest, AFileThatIsStillWritten) {
  const auto wait_until = [&](const std::set<std::string>& unfinished) {
    while (watch_->Unfinished() != unfinished) {
      const std::stop_token token = watch_->NextChange();
      if (watch_->Unfinished() != unfinished && !Comes(token)) return false;
    }
    return true;
  };
  std::ofstream file(top_ / "new.yml");
  file << "half" << std::flush;
  EXPECT_TRUE(wait_until({"new.yml"}));
  file.close();
  EXPECT_TRUE(wait_until({}));
}

// Writing is told by name; whatever may concern a link or a directory is not.
TEST_F(InotifyWatchTest, WhatChanged) {
  const auto changed = [&](const std::function<void()>& change, bool until_others) {
    watch_->TakeChanges();
    change();
    FileChanges all;
    while (until_others ? !all.others : all.written.empty()) {
      const std::stop_token token = watch_->NextChange();
      FileChanges some = watch_->TakeChanges();
      all.written.merge(some.written);
      all.others = all.others || some.others;
      if (until_others ? !all.others : all.written.empty()) {
        if (!Comes(token)) break;
      }
    }
    return all;
  };
  const FileChanges written = changed([&] { Write("old.yml"); }, false);
  EXPECT_EQ(written.written, std::set<std::string>{"old.yml"});
  EXPECT_FALSE(written.others);
  const std::pair<const char*, std::function<void()>> others[] = {
      {"linked", [&] { fs::create_symlink("old.yml", top_ / "link"); }},
      {"renamed", [&] { fs::rename(top_ / "link", top_ / "link2"); }},
      {"removed", [&] { fs::remove(top_ / "link2"); }},
      {"a directory", [&] { fs::create_directory(top_ / "dir"); }},
      {"the directory itself", [&] { fs::remove_all(top_); }},
  };
  for (const auto& [name, change] : others) EXPECT_TRUE(changed(change, true).others) << name;
}

TEST_F(InotifyWatchTest, Wake) {
  const std::stop_token token = watch_->NextChange();
  EXPECT_FALSE(token.stop_requested());
  watch_->Wake();
  EXPECT_TRUE(token.stop_requested());
  EXPECT_FALSE(watch_->NextChange().stop_requested());
}

}  // namespace
}  // namespace outrider
