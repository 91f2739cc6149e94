// SPDX-License-Identifier: Apache-2.0
// Bodies of POST /api/v2/alerts, as they are read: what stands in them, and what is refused.
#include "exporter/api/posted_alerts.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "storage/base/json_reader.h"

namespace outrider {
namespace {

// {labels} "url" annotations; times in seconds.
std::string Show(const PostedAlerts& posted) {
  std::string text;
  for (size_t i = 0; i < posted.alerts.size(); ++i) {
    const IncomingAlert alert = posted.alerts.at(i);
    EXPECT_EQ(Labels::FromSorted(alert.labels).Fingerprint(), alert.fingerprint);
    text += "{";
    for (const LabelView& label : alert.labels)
      text += fmt::format("{}={} ", label.name, label.value);
    text += "}";
    std::string_view rest = alert.details;
    text += fmt::format(" <{}>", TakeDetail(&rest));
    while (!rest.empty()) {
      const std::string_view name = TakeDetail(&rest);
      text += fmt::format(" {}:{}", name, TakeDetail(&rest));
    }
    text += fmt::format(" {}..{};", alert.starts_at.nanos / kNanosPerSecond,
                        alert.ends_at.nanos / kNanosPerSecond);
  }
  for (const std::string& error : posted.errors) text += " !" + error;
  return text;
}

struct BodyCase {
  const char* body;
  const char* shown;  // or:
  int status = 200;
  const char* why = "";  // a part of the refusal
};

TEST(PostedAlerts, AreReadAsTheyStand) {
  const BodyCase cases[] = {
      {"[]", ""},
      {" [ null , null ] ", ""},
      {"null", ""},
      {R"([{"labels":{"b":"2","a":"1"}}])", "{a=1 b=2 } <> 0..0;"},
      {R"([{"labels":{"a":"1","a":"2","c":""}}])", "{a=2 } <> 0..0;"},
      {R"([{"labels":{"a":"1"},"labels":{"b":"2"}}])", "{a=1 b=2 } <> 0..0;"},
      {R"([{"labels":{"a":null,"b":"2"}}])", "{b=2 } <> 0..0;"},
      {R"([{"labels":{}}])", "{} <> 0..0;"},
      {R"([{"annotations":{"s":"","d":"x"},"labels":{"a":"é\u00e9\n\"\\"},"generatorURL":"http://x/?a=b"}])",
       "{a=éé\n\"\\ } <http://x/?a=b> d:x s: 0..0;"},
      {R"([{"labels":{"a":"b"},"startsAt":"1970-01-01T00:00:05Z","endsAt":"1970-01-01T01:00:09+01:00"}])",
       "{a=b } <> 5..9;"},
      {R"([{"labels":{"a":"b"},"startsAt":"1970-01-01T00:00:05.5","endsAt":"1970-01-01 01:00:09"}])",
       "{a=b } <> 5..3609;"},
      {R"([{"labels":{"a":"b"},"startsAt":"1970-01-01","endsAt":"9999-12-31T00:00:00Z"}])",
       "{a=b } <> 0..9223372035;"},
      {R"([{"labels":{"a":"b"},"startsAt":null,"annotations":null,"generatorURL":null}])",
       "{a=b } <> 0..0;"},
      {R"([{"labels":{"a":"b"},"x":{"labels":{"c":"d"},"y":[1,{"z":[]}]},"n":1e3,"t":true}])",
       "{a=b } <> 0..0;"},
      {R"([{"labels":{"":"x"}},{"labels":{"":"","a":"b"}}])",
       "{a=b } <> 0..0; !invalid label set: invalid name \"\""},
      {R"([{"labels":{"a":"b"},"annotations":{"":"x"}},{"labels":{"c":"d"}}])",
       "{c=d } <> 0..0; !invalid annotations: invalid name \"\""},
      {"", "", 422, "alerts in body is required"},
      {" \n", "", 422, "alerts in body is required"},
      {R"([{}])", "", 422, "0.labels in body is required"},
      {R"([{"labels":{"a":"b"}},{"labels":null}])", "", 422, "1.labels in body is required"},
      {R"([null,{"labels":{"a":"b"},"generatorURL":"nope"}])", "", 422,
       "1.generatorURL in body must be of type uri: \"nope\""},
      {R"([{}, {"labels":{"a":1}}])", "", 400,
       "because json: cannot unmarshal number into a label"},
      {R"([{"labels":{"a":["b"]}}])", "", 400, "cannot unmarshal array"},
      {R"([{"labels":["a"]}])", "", 400, "cannot unmarshal array"},
      {R"([{"labels":"a"}])", "", 400, "cannot unmarshal string"},
      {R"([{"labels":{"a":"b"},"startsAt":"soon"}])", "", 400, "parsing alerts body"},
      {R"([{"labels":{"a":"b"},"startsAt":5}])", "", 400, "cannot unmarshal number"},
      {R"(["a"])", "", 400, "cannot unmarshal string into an alert"},
      {R"([[]])", "", 400, "cannot unmarshal array into an alert"},
      {R"({"a":[1]})", "", 400, "cannot unmarshal object into the body"},
      {R"("a")", "", 400, "cannot unmarshal string into the body"},
      {R"([{}] x)", "", 400, "invalid JSON at offset 5"},
      {R"([{"labels":{"a":"\ud800"}}])", "", 400, "invalid JSON"},
      {"[{\"labels\":{\"a\":\"\xff\"}}]", "", 400, "invalid JSON"},
      {R"([{"labels":{"a":"b"})", "", 400, "invalid JSON"},
  };
  for (const BodyCase& c : cases) {
    std::string body = c.body;
    PostedAlerts posted;
    const std::optional<BodyRefusal> refused =
        ReadPostedAlerts(&body, MatcherMode::kFallback, &posted);
    EXPECT_EQ(refused ? refused->status : 200, c.status) << c.body;
    if (refused) {
      EXPECT_NE(refused->message.find(c.why), std::string::npos) << c.body << refused->message;
    } else {
      EXPECT_EQ(Show(posted), c.shown) << c.body;
    }
  }
}

TEST(PostedAlerts, AZeroByteIsNoEnd) {
  std::string body = R"([{"labels":{"a":"b"}}])";
  body += '\0';
  body += "and more";
  PostedAlerts posted;
  EXPECT_TRUE(ReadPostedAlerts(&body, MatcherMode::kFallback, &posted).has_value());
}

TEST(PostedAlerts, DeepNestingIsRefused) {
  std::string body = R"([{"labels":{"a":"b"},"x":)" + std::string(100'000, '[');
  PostedAlerts posted;
  const std::optional<BodyRefusal> refused =
      ReadPostedAlerts(&body, MatcherMode::kFallback, &posted);
  ASSERT_TRUE(refused);
  EXPECT_NE(refused->message.find("nested too deeply"), std::string::npos) << refused->message;
}

TEST(PostedAlerts, ATreeHasABound) {
  EXPECT_TRUE(ParseJsonWithin(R"({"a":[1,2,3]})", 6).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(ParseJsonWithin(R"({"a":[1,2,3]})", 5).status()));
  EXPECT_TRUE(absl::IsResourceExhausted(ParseJsonWithin("[[],[],[]]", 3).status()));
}

TEST(PostedAlerts, RequestUris) {
  for (const char* good :
       {"http://a/b?c=d", "/x", "mailto:x", "http://h:1/%41", "http://h/?q=%zz", "x:"}) {
    EXPECT_TRUE(IsRequestUri(good)) << good;
  }
  for (const char* bad :
       {"", "a", "a/b", "1http://x", "http://h/%zz", "http://h/%4", "http://a b/", "x\n:y"}) {
    EXPECT_FALSE(IsRequestUri(bad)) << bad;
  }
}

}  // namespace
}  // namespace outrider
