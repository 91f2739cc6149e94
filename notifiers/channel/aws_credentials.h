// SPDX-License-Identifier: Apache-2.0
// Where the credentials of a sigv4 section come from, in the order of AWS' SDK, which Alertmanager
// uses: the section's keys; its profile; the environment's keys; the environment's web identity
// (EKS); the profile of the shared files; the container's endpoint (ECS, EKS pod identity); the
// machine's metadata (EC2). Then the role that is assumed through STS. Not supported: single
// sign-on, processes and chains of profiles.
#pragma once

#include <string>
#include <string_view>

#include "absl/synchronization/mutex.h"
#include "notifiers/channel/aws_metadata.h"
#include "notifiers/channel/http_channel.h"
#include "notifiers/channel/sigv4.h"
#include "storage/base/status.h"
#include "storage/base/strict_yaml.h"

namespace outrider {

struct AwsSettings {
  std::string region;
  AwsCredentials credentials;  // those of the section
  std::string profile;         // that of the section
  std::string role_arn;
  std::string external_id;
  bool fips_sts = false;
  AwsEnvironment environment;
};
AwsSettings ReadAwsSettings(const YamlNode& sigv4, const AwsEnvironment& environment);

// sns.eu-west-1.amazonaws.com and the like, with the domain that the region has.
std::string AwsEndpoint(std::string_view service, std::string_view region);

// Thread-safe. What ends is kept until shortly before its end, and until its end while there is no
// newer to be had.
class AwsCredentialSource {
 public:
  explicit AwsCredentialSource(AwsSettings settings) : settings_(std::move(settings)) {}
  const AwsSettings& settings() const { return settings_; }

  // Fills *credentials, or gives the outcome of a call that did not (kDelivered: it did).
  StatusOr<SendResult> Get(HttpAttempt& attempt, AwsCredentials* credentials);

 private:
  // A call to STS that gives credentials.
  struct StsCall {
    std::vector<std::pair<std::string, std::string>> form;
    const AwsCredentials* signer = nullptr;  // nullptr: not signed
    std::string_view suffix;                 // of the Idempotency-Key
  };
  StatusOr<SendResult> Own(HttpAttempt& attempt, AwsTemporary* found);
  StatusOr<SendResult> OfProfile(HttpAttempt& attempt, AwsTemporary* found);
  StatusOr<SendResult> WebIdentity(HttpAttempt& attempt, const std::string& token_file,
                                   const std::string& role, const std::string& session,
                                   AwsTemporary* found);
  StatusOr<SendResult> AssumeRole(HttpAttempt& attempt, AwsTemporary* found);
  StatusOr<SendResult> Fetch(HttpAttempt& attempt, AwsTemporary* found);
  StatusOr<SendResult> CallSts(HttpAttempt& attempt, const StsCall& call, AwsTemporary* found);

  const AwsSettings settings_;
  absl::Mutex mutex_;
  AwsTemporary kept_ ABSL_GUARDED_BY(mutex_);
};

// The text of the first element of that name in an answer, "" without.
std::string XmlText(std::string_view xml, std::string_view element);

}  // namespace outrider
