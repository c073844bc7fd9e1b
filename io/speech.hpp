// Words spoken by espeak-ng, a free synthesiser of speech, which is a program of its own.
#pragma once

#include <atomic>
#include <filesystem>
#include <string>

#include "io/audio.hpp"

namespace synfire {

/// How a word is said.
struct SpeechManner {
  std::string voice;           ///< language and variant: "en-us+f3"
  int pitch = 50;              ///< 0 to 99
  int words_per_minute = 150;  ///< 80 to 450

  bool operator==(const SpeechManner&) const = default;
};

/// Runs the program for each word, without a shell; its files lie in a folder of their own that vanishes.
class SpeechSynthesiser {
 public:
  /// `program` is looked for in PATH. Throws Error(resource) where it is not installed or cannot be started.
  explicit SpeechSynthesiser(std::string program = "espeak-ng");
  SpeechSynthesiser(const SpeechSynthesiser&) = delete;
  SpeechSynthesiser& operator=(const SpeechSynthesiser&) = delete;
  ~SpeechSynthesiser();

  /// May be called from several threads. The same word in the same manner is the same sound. Throws
  /// Error(resource) with what the program says where it fails. A variant that it does not know, it leaves
  /// out.
  Sound say(const std::string& word, const SpeechManner& manner) const;

 private:
  std::string program_;
  std::filesystem::path folder_;
  mutable std::atomic<std::size_t> words_ = 0;
};

}  // namespace synfire
