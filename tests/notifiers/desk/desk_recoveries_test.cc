// SPDX-License-Identifier: Apache-2.0
// Recoveries of incidents that one message told of.
#include <set>

#include "tests/notifiers/desk/bundle_fixture.h"

namespace outrider {
namespace {

constexpr const char* kMail = "user:anna/email";

class RecoveriesDeskTest : public BundleAnswersTest {
 protected:
  // H0 to H2 were told alone, H3 to H7 by one message.
  void Bundled() {
    Bundle();
    told_ = inbox_[kMail].got.size();
  }
  void EndOf(const std::vector<const char*>& names) {
    for (const char* name : names) {
      Alert alert = MakeAlert(name, "high");
      alert.starts_at.nanos -= Sec(1);
      ASSERT_TRUE(End(alert).ok());
    }
  }
  // What came since: "H3+H4 H0"; a message about a firing alert has a mark.
  std::string News() {
    std::string out;
    for (; told_ < inbox_[kMail].got.size(); ++told_) {
      const Notification& got = inbox_[kMail].got[told_];
      std::set<std::string> names;
      for (const Alert& alert : got.alerts) {
        names.emplace(alert.labels.Get("alertname"));
        EXPECT_EQ(alert.ends_at.nanos != 0, got.resolved);
      }
      std::string text = got.resolved ? "" : "!";
      for (const std::string& name : names) text += (text.size() < 2 ? "" : "+") + name;
      out += (out.empty() ? "" : " ") + text;
    }
    return out;
  }
  size_t told_ = 0;
};

TEST_F(RecoveriesDeskTest, GoTogetherWithinTheWindow) {
  Bundled();
  EndOf({"H4"});
  Run(30);
  EndOf({"H3", "H6", "H5"});
  Run(60);
  EXPECT_EQ(News(), "");
  Run(60);
  EXPECT_EQ(News(), "H3+H4+H5+H6");
  const Notification& last = Last(kMail);
  EXPECT_EQ(last.title, "4 incidents resolved");
  EXPECT_NE(last.note.find("and 3 more incidents:"), std::string::npos) << last.note;
  EXPECT_TRUE(last.actions.empty());
  EXPECT_EQ(Last("user:anna/twilio_sms").title, "4 incidents resolved");
  EXPECT_EQ(Events(IdOf("H3"), AuditKind::kPageHeld).back().to, "recovery");
  Run(3600);
  EXPECT_EQ(News(), "");
  EXPECT_EQ(desk_->Stats(clock_.NowNanos()).outbox_rows, 0U);
}

TEST_F(RecoveriesDeskTest, TheLastOneWaitsForNobody) {
  Bundled();
  EndOf({"H3", "H4", "H5", "H6", "H7"});
  Run(1);
  EXPECT_EQ(News(), "H3+H4+H5+H6+H7");
}

TEST_F(RecoveriesDeskTest, OneAloneIsToldAfterTheWindow) {
  Bundled();
  EndOf({"H3"});
  Run(119);
  EXPECT_EQ(News(), "");
  Run(2);
  EXPECT_EQ(News(), "H3");
  EndOf({"H4", "H5", "H6"});
  Run(10);
  EndOf({"H7"});
  Run(1);
  EXPECT_EQ(News(), "H4+H5+H6+H7");
}

TEST_F(RecoveriesDeskTest, OfWhatWasToldAloneComeAtOnce) {
  Bundled();
  EndOf({"H0", "H1"});
  Run(1);
  EXPECT_EQ(News(), "H0 H1");
}

TEST_F(RecoveriesDeskTest, GoTogetherOverARestart) {
  Bundled();
  EndOf({"H3", "H4"});
  Run(30);
  Start(*disk_);
  Run(60);
  EXPECT_EQ(News(), "");
  Run(31);
  EXPECT_EQ(News(), "H3+H4");
}

TEST_F(RecoveriesDeskTest, ARefusedMessageLosesNobody) {
  Bundled();
  inbox_[kMail].answers.push_back(SendResult::Rejected("HTTP 400", "clientError"));
  EndOf({"H3", "H4", "H5", "H6", "H7"});
  Run(10);
  // The refused one, then the four that were to go with it, by messages of their own.
  const std::string news = News();
  const std::string together = "H3+H4+H5+H6+H7";
  ASSERT_TRUE(news.starts_with(together + " ")) << news;
  std::set<std::string> alone;
  for (size_t at = together.size() + 1; at < news.size(); at += 3) alone.insert(news.substr(at, 2));
  EXPECT_EQ(news.size(), together.size() + 4 * 3) << news;
  EXPECT_EQ(alone.size(), 4U) << news;
  EXPECT_EQ(desk_->Stats(clock_.NowNanos()).outbox_rows, 0U);
}

TEST_F(RecoveriesDeskTest, WhatFiresAgainIsLeftOut) {
  Bundled();
  EndOf({"H3", "H4", "H5"});
  Run(30);
  ASSERT_TRUE(Fire(MakeAlert("H4", "high")).ok());
  Run(95);
  const std::string news = News();
  EXPECT_NE(news.find("H3+H5"), std::string::npos) << news;
  EXPECT_EQ(news.find("H3+H4"), std::string::npos) << news;
  EndOf({"H4"});
  Run(125);
  EXPECT_EQ(News(), "H4");
}

}  // namespace
}  // namespace outrider
