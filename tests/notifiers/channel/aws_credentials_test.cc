// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/aws_credentials.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include "tests/notifiers/channel/channel_fixture.h"
#include "tests/support/http_sink.h"

namespace outrider {
namespace {

constexpr const char* kFile = R"(# comment
[default]
aws_access_key_id = A1
aws_secret_access_key=S1

[ team ]
AWS_ACCESS_KEY_ID = A2
aws_secret_access_key = S2 = x
# aws_session_token = no
aws_session_token = T2
[half]
aws_access_key_id = A3
)";

YamlNode Section(const char* yaml) { return ParseYaml(yaml, "am.yml").value(); }

TEST(AwsCredentials, ProfilesOfAFile) {
  AwsProfile plain;
  ASSERT_TRUE(ReadAwsProfile(kFile, "default", false, &plain));
  EXPECT_EQ(plain.credentials.access_key, "A1");
  EXPECT_EQ(plain.credentials.secret_key, "S1");
  EXPECT_EQ(plain.credentials.session_token, "");
  AwsProfile team;
  ASSERT_TRUE(ReadAwsProfile(kFile, "team", false, &team));
  EXPECT_EQ(team.credentials.access_key, "A2");
  EXPECT_EQ(team.credentials.secret_key, "S2 = x");
  EXPECT_EQ(team.credentials.session_token, "T2");
  AwsProfile none;
  EXPECT_FALSE(ReadAwsProfile(kFile, "none", false, &none));
  EXPECT_FALSE(ReadAwsProfile("[", "x", false, &none));
}

TEST(AwsCredentials, ProfilesOfTheConfigFile) {
  constexpr const char* kConfig = R"([default]
region = eu-west-3
[profile team]
region=eu-north-1
role_arn = arn:r
web_identity_token_file = /t
s3 =
  region = no
[team]
region = not-this
[profile  proc]
credential_process = /bin/x
)";
  AwsProfile profile;
  ASSERT_TRUE(ReadAwsProfile(kConfig, "default", true, &profile));
  EXPECT_EQ(profile.region, "eu-west-3");
  ASSERT_TRUE(ReadAwsProfile(kConfig, "team", true, &profile));
  EXPECT_EQ(profile.region, "eu-north-1");
  EXPECT_EQ(profile.role_arn, "arn:r");
  EXPECT_EQ(profile.web_identity_file, "/t");
  EXPECT_EQ(profile.not_supported, "");
  ASSERT_TRUE(ReadAwsProfile(kConfig, "proc", true, &profile));
  EXPECT_EQ(profile.not_supported, "credential_process");
}

TEST(AwsCredentials, RegionOfTheSectionThenOfTheEnvironment) {
  AwsEnvironment environment;
  environment.region = "eu-north-1";
  EXPECT_EQ(ReadAwsSettings(YamlNode(), environment).region, "eu-north-1");
  const AwsSettings own =
      ReadAwsSettings(Section("{region: r, access_key: A, secret_key: S, profile: team, "
                              "use_fips_sts_endpoint: true}"),
                      environment);
  EXPECT_EQ(own.credentials.access_key, "A");
  EXPECT_EQ(own.region, "r");
  EXPECT_EQ(own.profile, "team");
  EXPECT_TRUE(own.fips_sts);
}

TEST(AwsCredentials, TextsOfAnAnswer) {
  EXPECT_EQ(XmlText("<a><Code> x </Code></a>", "Code"), "x");
  EXPECT_EQ(XmlText("<Code></Code>", "Code"), "");
  EXPECT_EQ(XmlText("<Code>x", "Code"), "");
  EXPECT_EQ(XmlText("", "Code"), "");
}

constexpr const char* kStsAnswer =
    "<R><Credentials><AccessKeyId>AKS</AccessKeyId><SecretAccessKey>sts-secret</SecretAccessKey>"
    "<SessionToken>sts-token</SessionToken><Expiration>2026-11-21T10:50:16Z</Expiration>"
    "</Credentials></R>";
constexpr const char* kJsonAnswer =
    R"({"Code":"Success","AccessKeyId":"AKJ","SecretAccessKey":"json-secret",)"
    R"("Token":"json-token","Expiration":"2026-11-21T10:50:16Z"})";

// The real client and a server on loopback that plays the container's endpoint, the machine's
// metadata and STS.
class AwsSources : public ChannelFixture {
 protected:
  AwsSources() {
    environment_.metadata_url = sink_.Url("");
    environment_.sts_url = sink_.Url("/sts");
    environment_.credentials_file = dir_ + "/credentials";
    environment_.config_file = dir_ + "/config";
  }
  static std::string Folder() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    std::string folder = testing::TempDir() + "aws_" + test->name() + std::to_string(getpid());
    EXPECT_TRUE(MakeDirectories(folder).ok());
    return folder;
  }
  void Write(const char* name, const std::string& text) {
    ASSERT_TRUE(WriteFileAtomically(dir_ + "/" + name, text).ok());
  }
  std::string File(const char* name) const { return dir_ + "/" + name; }
  // The access key, or why there is none.
  std::string Get(AwsCredentialSource& source) {
    const HttpChannelParts parts{{*client_, smtp_, templates_, clock_}, {}, 0};
    const Notification notification = Sample();
    HttpAttempt attempt(parts, notification, false);
    AwsCredentials credentials;
    const auto result = source.Get(attempt, &credentials);
    if (!result.ok()) return Message(result.status());
    if (result->outcome != SendResult::Outcome::kDelivered) return result->reason;
    return credentials.access_key;
  }
  std::string Get(const char* section = "{region: r}") {
    AwsCredentialSource source(ReadAwsSettings(Section(section), environment_));
    return Get(source);
  }
  std::vector<std::string> Asked() const {
    std::vector<std::string> lines;
    for (const HttpSinkRequest& request : sink_.Requests()) {
      lines.push_back(request.method + " " + request.path);
    }
    return lines;
  }

  HttpSink sink_;
  const std::string dir_ = Folder();
  std::unique_ptr<HttpClient> client_ = MakeCurlHttpClient();
  AwsEnvironment environment_;
};

TEST_F(AwsSources, InTheOrderOfTheSdk) {
  sink_.SetDefault({.status = 200, .body = kJsonAnswer});
  environment_.container_uri = sink_.Url("/creds");
  EXPECT_EQ(Get(), "AKJ") << "the container's";
  Write("config", "[default]\naws_access_key_id = AKC\naws_secret_access_key = s\n");
  EXPECT_EQ(Get(), "AKC");
  Write("credentials",
        "[default]\naws_access_key_id = AKF\naws_secret_access_key = s\n"
        "[team]\naws_access_key_id = AKT\naws_secret_access_key = s\n");
  EXPECT_EQ(Get(), "AKF");
  Write("token", "web-token\n");
  environment_.web_identity_file = File("token");
  environment_.role_arn = "arn:role";
  sink_.SetDefault({.status = 200, .body = kStsAnswer});
  EXPECT_EQ(Get(), "AKS");
  environment_.credentials = {"AKE", "s", ""};
  EXPECT_EQ(Get(), "AKE");
  EXPECT_EQ(Get("{region: r, profile: team}"), "AKT");
  EXPECT_EQ(Get("{region: r, profile: none}"), "no AWS profile \"none\"");
  EXPECT_EQ(Get("{region: r, access_key: AKX, secret_key: s}"), "AKX");
}

TEST_F(AwsSources, AContainerGetsItsTokenFromAFileEachTime) {
  sink_.SetDefault({.status = 200, .body = kJsonAnswer});
  environment_.container_uri = sink_.Url("/creds");
  environment_.container_token = "plain";
  EXPECT_EQ(Get(), "AKJ");
  Write("token", "of-file\n");
  environment_.container_token_file = File("token");
  EXPECT_EQ(Get(), "AKJ");
  const auto requests = sink_.Requests();
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(requests[0].headers.at("authorization"), "plain");
  EXPECT_EQ(requests[1].headers.at("authorization"), "of-file");
  for (const char* url : {"http://example.org/c", "http://127x/", "http://localhost.org/",
                          "http://169.254.170.230/"}) {
    environment_.container_uri = url;
    EXPECT_THAT(Get(), ::testing::StartsWith("AWS_CONTAINER_CREDENTIALS_FULL_URI")) << url;
  }
  EXPECT_EQ(sink_.Requests().size(), 2U);
}

TEST_F(AwsSources, AMachineIsAskedByVersionTwoAndKeptUntilShortlyBeforeTheEnd) {
  sink_.Script({{.status = 200, .body = "imds-token"},
                {.status = 200, .body = "role one\n"},
                {.status = 200, .body = kJsonAnswer}});
  AwsCredentialSource source(ReadAwsSettings(Section("{region: r}"), environment_));
  EXPECT_EQ(Get(source), "AKJ");
  EXPECT_EQ(Get(source), "AKJ");
  EXPECT_THAT(Asked(),
              ::testing::ElementsAre("PUT /latest/api/token",
                                     "GET /latest/meta-data/iam/security-credentials/",
                                     "GET /latest/meta-data/iam/security-credentials/role%20one"));
  EXPECT_EQ(sink_.Requests()[2].headers.at("x-aws-ec2-metadata-token"), "imds-token");
  clock_.Advance(56 * kMinute);
  sink_.SetDefault({.status = 503, .body = "later"});
  EXPECT_EQ(Get(source), "AKJ") << "not to be had now, and still good";
  EXPECT_EQ(sink_.Requests().size(), 4U);
  clock_.Advance(5 * kMinute);
  EXPECT_EQ(Get(source), "AWS credentials: instance metadata: HTTP 503");
}

TEST_F(AwsSources, AMachineThatKnowsVersionOneOnly) {
  sink_.Script({{.status = 404, .body = ""},
                {.status = 200, .body = "one"},
                {.status = 200, .body = kJsonAnswer}});
  EXPECT_EQ(Get(), "AKJ");
  environment_.metadata_v1_off = true;
  sink_.Script({{.status = 404, .body = ""}});
  EXPECT_EQ(Get(), "AWS credentials: instance metadata: HTTP 404");
  environment_.metadata_off = true;
  EXPECT_THAT(Get(), ::testing::StartsWith("no AWS credentials: none in sigv4"));
}

TEST_F(AwsSources, AWebIdentityBecomesARole) {
  Write("token", "web-token\n");
  environment_.web_identity_file = File("token");
  EXPECT_EQ(Get(), "a role is wanted for the web identity: AWS_ROLE_ARN");
  environment_.role_arn = "arn:aws:iam::1:role/x";
  environment_.role_session_name = "here";
  sink_.SetDefault({.status = 200, .body = kStsAnswer});
  AwsCredentialSource source(ReadAwsSettings(Section("{region: r}"), environment_));
  EXPECT_EQ(Get(source), "AKS");
  EXPECT_EQ(Get(source), "AKS");
  const auto requests = sink_.Requests();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].path, "/sts");
  EXPECT_FALSE(requests[0].headers.contains("authorization")) << "it is not signed";
  EXPECT_EQ(requests[0].body,
            "Action=AssumeRoleWithWebIdentity&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fx&"
            "RoleSessionName=here&Version=2011-06-15&WebIdentityToken=web-token");
  sink_.SetDefault({.status = 403, .body = "<Error>web-token is not good</Error>"});
  AwsCredentialSource refused(ReadAwsSettings(Section("{region: r}"), environment_));
  EXPECT_THAT(Get(refused), ::testing::HasSubstr("HTTP 403"));
  EXPECT_THAT(Get(refused), ::testing::Not(::testing::HasSubstr("web-token")));
}

TEST_F(AwsSources, ARoleIsAssumedWithWhatTheMachineHas) {
  sink_.Script({{.status = 200, .body = "imds-token"},
                {.status = 200, .body = "one"},
                {.status = 200, .body = kJsonAnswer},
                {.status = 200, .body = kStsAnswer}});
  EXPECT_EQ(Get("{region: r, role_arn: 'arn:r'}"), "AKS");
  EXPECT_EQ(sink_.Requests()[3].headers.at("x-amz-security-token"), "json-token");
}

TEST_F(AwsSources, AProfileThatCannotBeUsedSaysSo) {
  Write("config", "[profile sso]\nsso_session = x\n");
  EXPECT_EQ(Get("{region: r, profile: sso}"), "AWS profile \"sso\": sso_session is not supported");
}

}  // namespace
}  // namespace outrider
