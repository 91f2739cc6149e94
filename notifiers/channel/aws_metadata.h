// SPDX-License-Identifier: Apache-2.0
// Credentials that AWS gives to what runs on it: by the endpoint of a container (ECS, EKS pod
// identity) or by the metadata service of a machine (EC2, version 2 of its protocol, and 1 where
// there is no other). Both are asked without the proxies and headers of an http_config.
#pragma once

#include "notifiers/channel/aws_environment.h"
#include "notifiers/channel/http_channel.h"

namespace outrider {

struct AwsTemporary {
  AwsCredentials credentials;
  Nanos ends_at = 0;  // 0: never, as far as is known
  Nanos renew_before = 60 * kNanosPerSecond;
};

// Unavailable: not to be had now. InvalidArgument: the environment is wrong.
StatusOr<AwsTemporary> ContainerCredentials(const AwsEnvironment& environment,
                                            const HttpAttempt& attempt);
StatusOr<AwsTemporary> MachineCredentials(const AwsEnvironment& environment,
                                          const HttpAttempt& attempt);

}  // namespace outrider
