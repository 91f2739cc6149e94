// SPDX-License-Identifier: Apache-2.0
// One connection of rwgen.
#pragma once

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <snappy.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "rwgen_batch.h"

namespace rwgen {

using Clock = std::chrono::steady_clock;

[[noreturn]] inline void Die(const char* what) {
  std::perror(what);
  std::exit(2);
}

// Owns some of the batches: builds their requests, then sends them and waits for each answer.
class Sender {
 public:
  explicit Sender(const Options& options) : options_(options) {}

  void Own(Batch batch, size_t first) {
    batches_.push_back(std::move(batch));
    firsts_.push_back(first);
  }

  // Requests of one step, into the queue.
  void Build(size_t step) {
    timespec before;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
    const int64_t time = options_.start_ms + static_cast<int64_t>(step) * options_.interval_ms;
    for (size_t i = 0; i < batches_.size(); ++i) {
      Batch& batch = batches_[i];
      if (options_.churn) batch.Encode(firsts_[i] + step * options_.series);
      batch.Step();
      batch.Message(time, &message_);
      snappy::Compress(message_.data(), message_.size(), &body_);
      queue_.push_back({Head(body_.size()) + body_, batch.size(), i + 1 == batches_.size()});
      raw += message_.size();
      wire += body_.size();
      queued_ += body_.size();
    }
    timespec after;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
    build_cpu += static_cast<double>(after.tv_sec - before.tv_sec) +
                 static_cast<double>(after.tv_nsec - before.tv_nsec) / 1e9;
  }
  size_t queued() const { return queued_; }

  // Sends what is queued; `offset` is this connection's place within the pace.
  void Send(Clock::time_point begin, double offset) {
    if (socket_ < 0) Dial();
    double due_ms = offset * options_.pace_ms;
    for (const Request& request : queue_) {
      Clock::time_point start = Clock::now();
      if (options_.pace_ms > 0) {
        start = begin + std::chrono::microseconds(static_cast<int64_t>(due_ms * 1000));
        std::this_thread::sleep_until(start);
        due_ms += options_.pace_ms;
      }
      const int status = Exchange(request.bytes);
      latencies.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
      if (status / 100 == 2)
        samples += request.samples;
      else if (refused++ == 0)
        std::fprintf(stderr, "HTTP %d: %.300s\n", status, answer_.c_str() + body_at_);
      if (request.last_of_step && options_.sleep_ms > 0) {
        std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(options_.sleep_ms));
      }
    }
    queue_.clear();
    queued_ = 0;
  }

  uint64_t samples = 0;
  uint64_t refused = 0;
  uint64_t raw = 0;
  uint64_t wire = 0;
  double build_cpu = 0;
  std::vector<double> latencies;  // ms

 private:
  struct Request {
    std::string bytes;
    size_t samples;
    bool last_of_step;
  };

  std::string Head(size_t size) const {
    return "POST " + options_.path +
           " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(options_.port) +
           "\r\nUser-Agent: rwgen\r\nContent-Encoding: snappy\r\nContent-Type: "
           "application/x-protobuf" +
           (options_.v2 ? ";proto=io.prometheus.write.v2.Request" : "") +
           "\r\nX-Prometheus-Remote-Write-Version: " + (options_.v2 ? "2.0.0" : "0.1.0") +
           "\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n";
  }

  void Dial() {
    socket_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(options_.port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      Die("connect");
    const int one = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  }

  // -> the status; the answer stays in answer_.
  int Exchange(std::string_view request) {
    while (!request.empty()) {
      const ssize_t written = write(socket_, request.data(), request.size());
      if (written <= 0) Die("write");
      request.remove_prefix(static_cast<size_t>(written));
    }
    answer_.clear();
    size_t need = std::string::npos;
    while (answer_.size() < need) {
      std::array<char, 4096> part;
      const ssize_t got = read(socket_, part.data(), part.size());
      if (got <= 0) Die("read");
      answer_.append(part.data(), static_cast<size_t>(got));
      const size_t end = answer_.find("\r\n\r\n");
      if (need != std::string::npos || end == std::string::npos) continue;
      const std::string head = Lower(answer_.substr(0, end));
      const size_t length = head.find("content-length:");
      need = body_at_ = end + 4;
      if (length != std::string::npos)
        need += std::strtoul(head.c_str() + length + 15, nullptr, 10);
      close_ = head.find("connection: close") != std::string::npos;
    }
    if (close_) {
      close(socket_);
      Dial();
    }
    return std::atoi(answer_.c_str() + std::min<size_t>(answer_.size(), 9));
  }

  static std::string Lower(std::string text) {
    for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return text;
  }

  const Options& options_;
  std::vector<Batch> batches_;
  std::vector<size_t> firsts_;
  std::vector<Request> queue_;
  size_t queued_ = 0;
  std::string message_;
  std::string body_;
  std::string answer_;
  size_t body_at_ = 0;  // of answer_
  int socket_ = -1;
  bool close_ = false;
};

}  // namespace rwgen
