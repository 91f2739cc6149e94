// SPDX-License-Identifier: Apache-2.0
#include "notifiers/transport/oauth2.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "storage/base/crypto.h"
#include "storage/base/json.h"
#include "storage/base/text.h"
#include "tests/support/fake_clock.h"
#include "tests/support/http_sink.h"

namespace outrider {
namespace {

using ::testing::HasSubstr;

HttpSinkReply Token(const std::string& text, const std::string& expires_in = "3600") {
  return {.body = R"({"access_token":")" + text + R"(","token_type":"bearer","expires_in":)" +
                  expires_in + "}"};
}

class OAuth2Test : public ::testing::Test {
 protected:
  OAuth2Test() {
    settings_.client_id = "out rider";
    settings_.client_secret = "s:cret";
    settings_.token_url = tokens_.Url("/token");
    settings_.scopes = {"a", "b"};
    settings_.endpoint_params = {{"resource", "x&y"}};
  }
  HttpClientRequest Request() const {
    HttpClientRequest request;
    request.url = target_.Url("/hook");
    request.body = "{}";
    request.timeout = 5 * kSecond;
    request.headers = {{"Idempotency-Key", "k"}};
    request.oauth2 = std::make_shared<const OAuth2Settings>(settings_);
    return request;
  }

  HttpSink tokens_;
  HttpSink target_;
  FakeClock clock_{1'700'000'000 * kNanosPerSecond};
  OAuth2Settings settings_;
  std::unique_ptr<HttpClient> client_ = MakeOAuth2HttpClient(MakeCurlHttpClient(), clock_);
};

TEST_F(OAuth2Test, FetchesATokenOnceAndSharesIt) {
  tokens_.SetDefault(Token("t1"));
  for (int i = 0; i < 3; ++i) {
    const auto answer = client_->Do(Request());
    ASSERT_TRUE(answer.ok()) << answer.status();
  }
  ASSERT_EQ(tokens_.Requests().size(), 1U);
  const HttpSinkRequest asked = tokens_.Requests()[0];
  EXPECT_EQ(asked.method, "POST");
  EXPECT_EQ(asked.headers.at("content-type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(asked.headers.at("authorization"), "Basic " + Base64Encode("out+rider:s%3Acret"));
  EXPECT_EQ(asked.body, "grant_type=client_credentials&scope=a+b&resource=x%26y");
  ASSERT_EQ(target_.Requests().size(), 3U);
  EXPECT_EQ(target_.Requests()[2].headers.at("authorization"), "Bearer t1");
}

TEST_F(OAuth2Test, OtherSettingsAreAnotherToken) {
  tokens_.Script({Token("t1"), Token("t2"), Token("t3")});
  ASSERT_TRUE(client_->Do(Request()).ok());
  settings_.scopes = {"c"};
  ASSERT_TRUE(client_->Do(Request()).ok());
  settings_.client_secret = "rotated";
  ASSERT_TRUE(client_->Do(Request()).ok());
  EXPECT_EQ(tokens_.Requests().size(), 3U);
  EXPECT_EQ(target_.Requests()[2].headers.at("authorization"), "Bearer t3");
}

TEST_F(OAuth2Test, ATokenIsRenewedBeforeItEnds) {
  tokens_.Script({Token("t1", "60"), Token("t2", "\"60\""), Token("t3", "0")});
  ASSERT_TRUE(client_->Do(Request()).ok());
  clock_.Advance(49 * kSecond);
  ASSERT_TRUE(client_->Do(Request()).ok());
  EXPECT_EQ(tokens_.Requests().size(), 1U);
  clock_.Advance(2 * kSecond);
  ASSERT_TRUE(client_->Do(Request()).ok());
  EXPECT_EQ(tokens_.Requests().size(), 2U);
  clock_.Advance(60 * kSecond);
  ASSERT_TRUE(client_->Do(Request()).ok());
  clock_.Advance(1000 * kDay);  // without an end it is kept
  ASSERT_TRUE(client_->Do(Request()).ok());
  EXPECT_EQ(tokens_.Requests().size(), 3U);
}

TEST_F(OAuth2Test, RefusedTokensAreRenewedOnce) {
  tokens_.Script({Token("t1"), Token("t2"), Token("t3")});
  target_.Script({{.status = 401}, {.status = 200}});
  auto answer = client_->Do(Request());
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(target_.Requests()[0].headers.at("authorization"), "Bearer t1");
  EXPECT_EQ(target_.Requests()[1].headers.at("authorization"), "Bearer t2");
  target_.SetDefault({.status = 401});
  answer = client_->Do(Request());
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->status, 401);
  EXPECT_EQ(tokens_.Requests().size(), 3U);
  EXPECT_EQ(target_.Requests().size(), 4U);
}

TEST_F(OAuth2Test, TheSecretInTheFormWhereTheHeaderIsRefused) {
  tokens_.Script({{.status = 401, .body = R"({"error":"invalid_client"})"}, Token("t1", "60")});
  ASSERT_TRUE(client_->Do(Request()).ok());
  ASSERT_EQ(tokens_.Requests().size(), 2U);
  EXPECT_EQ(tokens_.Requests()[1].headers.count("authorization"), 0U);
  EXPECT_THAT(tokens_.Requests()[1].body, HasSubstr("client_id=out+rider&client_secret=s%3Acret"));
  clock_.Advance(kHour);
  tokens_.SetDefault(Token("t2"));
  ASSERT_TRUE(client_->Do(Request()).ok());
  ASSERT_EQ(tokens_.Requests().size(), 3U);  // what worked is remembered
  EXPECT_THAT(tokens_.Requests()[2].body, HasSubstr("client_secret="));
}

TEST_F(OAuth2Test, WithoutATokenTheMessageWaits) {
  const HttpSinkReply cases[] = {
      {.status = 503},
      {.status = 400, .body = R"({"error":"invalid_scope"})"},
      {.status = 200, .body = "not JSON"},
      {.status = 200, .body = R"({"token_type":"bearer"})"},
      {.mode = HttpSinkReply::Mode::kCloseUnanswered},
  };
  for (const HttpSinkReply& reply : cases) {
    tokens_.SetDefault(reply);
    const auto answer = client_->Do(Request());
    EXPECT_EQ(answer.status().code(), absl::StatusCode::kUnavailable) << reply.body;
    EXPECT_THAT(Message(answer.status()), HasSubstr("OAuth2 token from http://127.0.0.1:"));
    EXPECT_THAT(Message(answer.status()), testing::Not(HasSubstr("cret")));
  }
  EXPECT_EQ(target_.connections(), 0U);
  tokens_.SetDefault(Token("t1"));
  EXPECT_TRUE(client_->Do(Request()).ok());
}

// What the token's server answers may repeat what it was sent.
TEST_F(OAuth2Test, ErrorsShowTheCodeAndNothingElse) {
  const struct {
    const char* body;
    const char* shown;
  } cases[] = {
      {R"({"error":"invalid_scope","error_description":"s:cret is no scope"})",
       "HTTP 400: invalid_scope"},
      {R"({"error":"the secret s:cret is wrong"})", "HTTP 400"},
      {R"({"error":"s_cret"})", "HTTP 400"},
      {R"({"error":{"secret":"s:cret"}})", "HTTP 400"},
      {"client_secret=s%3Acret was refused", "HTTP 400"},
  };
  for (const auto& c : cases) {
    tokens_.SetDefault({.status = 400, .body = c.body});
    const std::string message = Message(client_->Do(Request()).status());
    EXPECT_TRUE(message.ends_with(c.shown)) << message;
    EXPECT_THAT(message, testing::Not(HasSubstr("cret"))) << c.body;
  }
}

TEST_F(OAuth2Test, ManyThreadsFetchOneToken) {
  tokens_.SetDefault(Token("t1"));
  std::atomic<int> good = 0;
  {
    std::vector<std::jthread> threads;
    threads.reserve(8);
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] { good += client_->Do(Request()).ok() ? 1 : 0; });
    }
  }
  EXPECT_EQ(good, 8);
  EXPECT_EQ(tokens_.Requests().size(), 1U);
}

std::string FromBase64Url(std::string text) {
  static constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out;
  unsigned bits = 0;
  int count = 0;
  for (const char c : text) {
    bits = bits << 6 | static_cast<unsigned>(kDigits.find(c));
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += static_cast<char>(bits >> count & 0xFF);
    }
  }
  return out;
}

// Made for this test only: openssl genrsa 1024.
constexpr const char* kKey = R"(-----BEGIN PRIVATE KEY-----
MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBANDGDHYylG0onWGn
TtTU3+1/FZexKPJonpcQfqEj96ahxSKGKRybk9VmvZ+saH0BCwVGDio7l8F2PaV+
mvFN6jGMe9DDe//cGaLZFvewduJAcBdKbjQ0IjqnFf+Z/vIulY+13skfvLs9jBwS
P+8Gtj2WT87qbJpJtZSKMCjlZ8cxAgMBAAECgYAjwuj7jipykFR1F82fE1/QNMak
F0qmS1lvEvo97AVN28QC5+w+5D9sfI7avROg5f7XRmrCvTZ/gxuIL6mmz+vfhbB2
uOStQEjoVWPYkpLlcObXU9ws4V7TBUC4QO5zMWTBheCBB+Nc1x8fOeQvFoD1NLi0
CnM0ehCErVFJtCnGyQJBAO1JO/Q5Z0CZprKklP++rZYelqy69N2Se52RhnzIPqqH
Lhcoz3VJ8SY1y4T9rKCnX3uJjtTu/ky9LFGyDzQrcqMCQQDhPScugROLtz+NeNzd
nD9Xn7cxe5aY7bDOO4LKgnQ3BlVWPQvyIsaRejNW3IfA3QYzohDDAJNW14GshWuG
vZAbAkBtanOm7kFaXH+tqI68TySkMH6yL5NyCHXP9qbZK00aPTNXoo3nO61jPTMX
pBHSEtvIj2m5bmr8385r7XttRwuZAkEApGdanhshBS4weTbrH+bYZUDzGm83MVDt
aNsPUHmAElnRGC1e9tJjVfR4XMKDZEbwK+fzjCJzaUPMJv0Ly0G6WQJAVP4ycooL
oR1yjAJVN4D+H3hjSK+Go6AHYUnTGA9DdZZxhlJFd2jexKBPoEILzKYtthheUp3g
qof0D2eMxhMk/A==
-----END PRIVATE KEY-----
)";

TEST_F(OAuth2Test, JwtBearerGrant) {
  settings_.client_secret = "";
  settings_.private_key = kKey;
  settings_.key_id = "kid1";
  settings_.algorithm = "RS384";
  settings_.claims = R"({"tenant":["x",1]})";
  tokens_.SetDefault(Token("t1"));
  const auto answer = client_->Do(Request());
  ASSERT_TRUE(answer.ok()) << answer.status();
  const HttpSinkRequest asked = tokens_.Requests().at(0);
  EXPECT_EQ(asked.headers.count("authorization"), 0U);
  EXPECT_THAT(asked.body, HasSubstr("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-"
                                    "bearer&assertion="));
  const size_t at = asked.body.find("assertion=") + 10;
  const std::string assertion = asked.body.substr(at, asked.body.find('&', at) - at);
  const auto parts = Split(assertion, '.');
  ASSERT_EQ(parts.size(), 3U);
  EXPECT_EQ(FromBase64Url(std::string(parts[0])), R"({"alg":"RS384","typ":"JWT","kid":"kid1"})");
  EXPECT_EQ(FromBase64Url(std::string(parts[1])),
            R"({"iss":"out rider","sub":"out rider","aud":")" + settings_.token_url +
                R"(","scope":"a b","iat":1699999990,"exp":1700003590,"tenant":["x",1]})");
  EXPECT_EQ(FromBase64Url(std::string(parts[2])),
            SignRsa(kKey, 384, std::string(parts[0]) + "." + std::string(parts[1])));
}

TEST_F(OAuth2Test, ABadKeyIsSaid) {
  settings_.private_key = "-----BEGIN PRIVATE KEY-----\nxx\n-----END PRIVATE KEY-----\n";
  EXPECT_THAT(Message(client_->Do(Request()).status()), HasSubstr("no RSA key in PEM"));
}

TEST(CurlHttpClient, FetchesNoTokens) {
  HttpClientRequest request;
  request.url = "http://127.0.0.1:1/";
  request.oauth2 = std::make_shared<const OAuth2Settings>();
  EXPECT_EQ(MakeCurlHttpClient()->Do(request).status().code(), absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace outrider
