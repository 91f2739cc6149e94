// SPDX-License-Identifier: Apache-2.0
#include "exporter/access/token_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/base/crypto.h"
#include "storage/state/memory_store.h"

namespace outrider {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr Nanos kT0 = 1'790'000'000LL * kNanosPerSecond;

class TokenStoreTest : public ::testing::Test {
 protected:
  TokenStoreTest() { Open(); }
  void Open() { tokens_ = TokenStore::Open(store_, random_).value(); }
  ConfigRecorder Record() {
    return [this](const std::string& subject, const std::string& text, const Caller& by,
                  const Batch& rows) -> Status {
      if (refuse_) return absl::UnavailableError("full");
      events_.push_back(subject + " " + text + " by " + by.name);
      return store_.Commit(rows, Durability::kSynced);
    };
  }
  StatusOr<std::string> Create(const std::string& name, Nanos expires_at = 0) {
    AccessToken token;
    token.name = name;
    token.role = Role::kOperator;
    token.teams = {"storage"};
    token.expires_at = expires_at;
    return tokens_->Create(token, {"root", Role::kAdmin, {}, "basic"}, kT0, Record());
  }

  MemoryStore store_;
  SeededRandom random_{5};
  std::vector<std::string> events_;
  bool refuse_ = false;
  std::unique_ptr<TokenStore> tokens_;
};

TEST_F(TokenStoreTest, OnlyTheHashIsKept) {
  const std::string text = Create("ci").value();
  EXPECT_EQ(text.size(), 68U);
  EXPECT_TRUE(text.starts_with("otr_"));
  bool seen = false;
  EXPECT_TRUE(store_
                  .Scan(Family::kDirectory, "", "",
                        [&](const Row& row) {
                          seen = true;
                          EXPECT_THAT(row.value, Not(HasSubstr(text.substr(12))));
                          return true;
                        })
                  .ok());
  EXPECT_TRUE(seen);
  ASSERT_EQ(events_.size(), 1U);
  EXPECT_THAT(events_[0], HasSubstr("token:ci token " + text.substr(0, 12)));
  EXPECT_THAT(events_[0], HasSubstr("role operator by root"));
  EXPECT_THAT(events_[0], Not(HasSubstr(text)));
}

TEST_F(TokenStoreTest, SurvivesARestart) {
  const std::string text = Create("ci").value();
  Open();
  const auto token = tokens_->Use(text, kT0);
  ASSERT_TRUE(token);
  EXPECT_EQ(token->name, "ci");
  EXPECT_EQ(token->role, Role::kOperator);
  EXPECT_EQ(token->teams, std::vector<std::string>{"storage"});
  EXPECT_EQ(token->created_by, "root");
  EXPECT_FALSE(tokens_->Use(text + "0", kT0));
  EXPECT_FALSE(tokens_->Use("otr_", kT0));
  EXPECT_FALSE(tokens_->Use("", kT0));
}

TEST_F(TokenStoreTest, Expires) {
  const std::string text = Create("ci", kT0 + 10).value();
  EXPECT_TRUE(tokens_->Use(text, kT0 + 9));
  EXPECT_FALSE(tokens_->Use(text, kT0 + 10));
}

TEST_F(TokenStoreTest, Revoked) {
  const std::string text = Create("ci").value();
  EXPECT_EQ(Create("ci").status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_TRUE(tokens_->Revoke("ci", {}, Record()).ok());
  EXPECT_FALSE(tokens_->Use(text, kT0));
  EXPECT_TRUE(absl::IsNotFound(tokens_->Revoke("ci", {}, Record())));
  Open();
  EXPECT_FALSE(tokens_->Use(text, kT0));
  EXPECT_TRUE(tokens_->List().empty());
}

TEST_F(TokenStoreTest, WhatIsNotRecordedDidNotHappen) {
  refuse_ = true;
  EXPECT_FALSE(Create("ci").ok());
  EXPECT_TRUE(tokens_->List().empty());
  refuse_ = false;
  const std::string text = Create("ci").value();
  refuse_ = true;
  EXPECT_FALSE(tokens_->Revoke("ci", {}, Record()).ok());
  EXPECT_TRUE(tokens_->Use(text, kT0));
}

TEST_F(TokenStoreTest, UsesAreNotedOnceAMinute) {
  const std::string text = Create("ci").value();
  const uint64_t before = store_.Stats().commits;
  for (int i = 0; i < 60; ++i) EXPECT_TRUE(tokens_->Use(text, kT0 + i * kNanosPerSecond));
  EXPECT_EQ(store_.Stats().commits, before + 1);
  EXPECT_TRUE(tokens_->Use(text, kT0 + 60 * kNanosPerSecond));
  EXPECT_EQ(store_.Stats().commits, before + 2);
  Open();
  EXPECT_EQ(tokens_->List()[0].last_used_at, kT0 + 60 * kNanosPerSecond);
}

TEST_F(TokenStoreTest, ACalendarsTokenOpensThatCalendarAlone) {
  AccessToken feed;
  feed.name = "feed-1";
  feed.role = Role::kViewer;
  feed.feed_schedule = "primary";
  feed.feed_user = "anna";
  feed.expires_at = kT0 + 100;
  const std::string text = tokens_->Create(feed, {}, kT0, Record()).value();
  EXPECT_TRUE(text.starts_with("otc_"));
  EXPECT_THAT(events_.back(), HasSubstr("of a calendar of schedule primary made"));
  const std::string calls = Create("ci").value();
  for (int start = 0; start < 2; ++start) {
    EXPECT_TRUE(tokens_->UseFeed(text, "primary", "anna", kT0));
    EXPECT_FALSE(tokens_->UseFeed(text, "primary", "anna", kT0 + 100)) << "it has expired";
    EXPECT_FALSE(tokens_->UseFeed(text, "primary", "", kT0));
    EXPECT_FALSE(tokens_->UseFeed(text, "primary", "ben", kT0));
    EXPECT_FALSE(tokens_->UseFeed(text, "second", "anna", kT0));
    EXPECT_FALSE(tokens_->UseFeed("otc_", "primary", "anna", kT0));
    EXPECT_FALSE(tokens_->UseFeed("", "", "", kT0));
    EXPECT_FALSE(tokens_->UseFeed(calls, "", "", kT0)) << "it calls, and opens no calendar";
    EXPECT_FALSE(tokens_->Use(text, kT0)) << "it opens a calendar, and calls nothing";
    EXPECT_TRUE(tokens_->Use(calls, kT0));
    Open();
  }
  EXPECT_TRUE(tokens_->Revoke("feed-1", {}, Record()).ok());
  EXPECT_FALSE(tokens_->UseFeed(text, "primary", "anna", kT0));
}

TEST_F(TokenStoreTest, ACorruptRowIsNoToken) {
  (void)Create("ci").value();
  Batch batch;
  batch.Put(Family::kDirectory, std::string("token\0bad", 9), "\x01zzz");
  EXPECT_TRUE(store_.Commit(batch, Durability::kBuffered).ok());
  Open();
  EXPECT_EQ(tokens_->List().size(), 1U);
}

TEST_F(TokenStoreTest, NotTooMany) {
  for (size_t i = 0; i < TokenStore::kMost; ++i) EXPECT_TRUE(Create(std::to_string(i)).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(Create("more").status()));
}

}  // namespace
}  // namespace outrider
