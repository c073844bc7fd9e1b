// Data sets: their kinds by content, and what a loader does with them.
#include <filesystem>
#include <map>
#include <numeric>
#include <set>

#include <gtest/gtest.h>

#include "io/events/aedat2.hpp"
#include "io/events/formats.hpp"
#include "io/hdf5.hpp"
#include "learning/classify.hpp"
#include "learning/datasets/loader.hpp"
#include "learning/datasets/pack.hpp"
#include "learning/datasets/sheet.hpp"
#include "tests/io/event_lists.hpp"
#include "tests/learning/small_task.hpp"

namespace synfire {
namespace {

using test::error_of;
using test::TemporaryFolder;

using Counts = std::vector<std::size_t>;

DatasetDescription described(const std::string& path) {
  DatasetDescription description;
  description.path = path;
  return description;
}

std::vector<std::size_t> numbers(std::size_t count) {
  std::vector<std::size_t> all(count);
  std::iota(all.begin(), all.end(), 0U);
  return all;
}

/// A set whose item i is the image of one pixel i % 256, of class i % 4; every third is for testing.
class NumberSet final : public DataSet {
 public:
  explicit NumberSet(std::size_t count) : count_(count) {}

  std::string_view kind() const override { return "numbers"; }
  const ItemShape& shape() const override { return shape_; }
  const std::vector<std::string>& classes() const override { return classes_; }
  std::size_t size() const override { return count_; }
  std::uint32_t label(std::size_t item) const override { return item % 4; }
  Part part(std::size_t item) const override { return item % 3 == 2 ? Part::test : Part::train; }
  std::string speaker(std::size_t item) const override {
    return item < unknown_from ? fmt::format("s{}", item % 5) : "";
  }
  std::string source(std::size_t) const override { return "numbers"; }
  DataItem item(std::size_t item) const override {
    ++reads;
    if (item == broken) throw Error(ErrorKind::input, "broken item");
    return {label(item), {static_cast<std::uint8_t>(item)}, {}};
  }

  mutable std::atomic<std::size_t> reads = 0;
  std::size_t broken = static_cast<std::size_t>(-1), unknown_from = broken;

 private:
  std::size_t count_;
  ItemShape shape_{.images = true, .width = 1, .height = 1};
  std::vector<std::string> classes_{"a", "b", "c", "d"};
};

std::vector<int> values_of(DataLoader& loader, std::size_t count) {
  std::vector<int> values;
  for (std::size_t k = 0; k < count; ++k) values.push_back(loader.next()->pixels.at(0));
  return values;
}

std::shared_ptr<const ChosenItems> chosen(std::shared_ptr<const DataSet> set,
                                          const DatasetDescription& how = {}) {
  return std::make_shared<ChosenItems>(std::move(set), how);
}

// --- loading

TEST(DataLoader, ShufflesEachPassToAnotherPermutation) {
  const auto items = chosen(std::make_shared<NumberSet>(90));
  const DataLoader loader(items, Part::train, {.shuffle = 5});
  const DataLoader same(items, Part::train, {.shuffle = 5});
  const DataLoader other(items, Part::train, {.shuffle = 6});
  std::set<std::vector<std::size_t>> orders;
  for (std::uint64_t pass = 0; pass < 5; ++pass) {
    auto order = loader.order(pass);
    EXPECT_EQ(order, same.order(pass));
    EXPECT_NE(order, other.order(pass));
    orders.insert(order);
    std::sort(order.begin(), order.end());
    EXPECT_EQ(order, items->items(Part::train));
  }
  EXPECT_EQ(orders.size(), 5U);
  const DataLoader plain(items, Part::train, {});
  EXPECT_EQ(plain.order(3), items->items(Part::train));
}

TEST(DataLoader, GivesTheSameWithAnyPrefetchAndCache) {
  const auto run = [](std::size_t prefetch, std::size_t cache) {
    DataLoader loader(chosen(std::make_shared<NumberSet>(100)), Part::train,
                      {.shuffle = 3, .prefetch = prefetch, .cache_bytes = cache});
    return values_of(loader, 3 * loader.size() + 5);
  };
  const auto expected = run(0, 0);
  for (const std::size_t prefetch : {1U, 7U, 300U})
    for (const std::size_t cache : {0U, 2000U, 1000000U}) EXPECT_EQ(run(prefetch, cache), expected);
  DataLoader loader(chosen(std::make_shared<NumberSet>(100)), Part::train, {.shuffle = 3});
  std::vector<int> ordered;
  for (std::uint64_t pass = 0; pass < 3; ++pass)
    for (const std::size_t item : loader.order(pass)) ordered.push_back(int(item));
  EXPECT_TRUE(std::equal(ordered.begin(), ordered.end(), expected.begin()));
}

TEST(DataLoader, CacheSparesReading) {
  const auto set = std::make_shared<NumberSet>(60);
  const auto reads = [&](std::size_t cache) {
    set->reads = 0;
    DataLoader loader(chosen(set), Part::test, {.prefetch = 0, .cache_bytes = cache});
    values_of(loader, 5 * loader.size());
    return set->reads.load();
  };
  EXPECT_EQ(reads(0), 100U);
  EXPECT_EQ(reads(1 << 20), 20U);
  const std::size_t some = reads(10 * DataItem{0, {1}, {}}.bytes());
  EXPECT_EQ(some, 10U + 5 * 10U) << "ten of twenty are kept";
}

TEST(DataLoader, PrefetchIsBounded) {
  const auto set = std::make_shared<NumberSet>(1000);
  DataLoader loader(chosen(set), Part::train, {.prefetch = 10, .cache_bytes = 0});
  loader.next();
  EXPECT_LE(set->reads.load(), 11U);
}

TEST(DataLoader, PassesAnErrorOnAtItsItem) {
  const auto set = std::make_shared<NumberSet>(30);
  set->broken = 4;
  DataLoader loader(chosen(set), Part::train, {.prefetch = 6});
  EXPECT_EQ(values_of(loader, 3), (std::vector<int>{0, 1, 3}));
  EXPECT_EQ(error_of([&] { loader.next(); }), "broken item");
  EXPECT_EQ(loader.next()->pixels.at(0), 6) << "and goes on behind it";
}

TEST(DataLoader, BatchesEndWithThePass) {
  DataLoader loader(chosen(std::make_shared<NumberSet>(30)), Part::test, {.batch = 4});
  std::vector<std::size_t> sizes;
  for (int k = 0; k < 8; ++k) sizes.push_back(loader.next_batch().size());
  EXPECT_EQ(sizes, (std::vector<std::size_t>{4, 4, 2, 0, 4, 4, 2, 0}));
}

TEST(DataLoader, NothingToGive) {
  DatasetDescription all_test;
  all_test.split = 0;
  DataLoader loader(chosen(std::make_shared<NumberSet>(30), all_test), Part::train, {});
  EXPECT_NE(error_of([&] { loader.next(); }), "");
  EXPECT_TRUE(loader.next_batch().empty());
}

TEST(ChosenItems, ClassesAndLabels) {
  DatasetDescription how;
  how.classes = {"d", "b"};
  const auto items = chosen(std::make_shared<NumberSet>(40), how);
  for (const Part part : {Part::train, Part::test})
    for (const std::size_t item : items->items(part)) {
      EXPECT_EQ(item % 2, 1U);
      EXPECT_EQ(items->label(item), item % 4 == 3 ? 0U : 1U);
      EXPECT_EQ(items->read(item).label, items->label(item));
    }
  const auto train = items->counts(Part::train), test = items->counts(Part::test);
  EXPECT_EQ(train[0] + test[0], 10U);
  how.classes = {"dd"};
  EXPECT_NE(error_of([&] { chosen(std::make_shared<NumberSet>(40), how); }).find("did you mean 'd'"),
            std::string::npos);
}

TEST(ChosenItems, SplitTakesTheShareOfEachClass) {
  DatasetDescription how;
  how.split = 0.7;
  how.shuffle = 9;
  const auto items = chosen(std::make_shared<NumberSet>(400), how);
  EXPECT_EQ(items->counts(Part::train), (Counts{70, 70, 70, 70}));
  EXPECT_EQ(items->counts(Part::test), (Counts{30, 30, 30, 30}));
  std::vector<std::size_t> all = items->items(Part::train);
  all.insert(all.end(), items->items(Part::test).begin(), items->items(Part::test).end());
  std::sort(all.begin(), all.end());
  EXPECT_EQ(all, numbers(400));
  EXPECT_EQ(chosen(std::make_shared<NumberSet>(400), how)->items(Part::train), items->items(Part::train));
  how.shuffle = 10;
  EXPECT_NE(chosen(std::make_shared<NumberSet>(400), how)->items(Part::train), items->items(Part::train));
}

TEST(ChosenItems, TestSpeakersAreNotTrained) {
  DatasetDescription how;
  how.test_speakers = {"s3", "s0"};
  how.classes = {"d", "b"};
  const auto items = chosen(std::make_shared<NumberSet>(100), how);
  const auto says = [](Part part) { return part == Part::test; };
  for (const Part part : {Part::train, Part::test})
    for (const std::size_t item : items->items(part)) EXPECT_EQ(item % 5 == 3 || item % 5 == 0, says(part));
  EXPECT_EQ(items->counts(Part::test), (Counts{10, 10}));
  EXPECT_EQ(items->counts(Part::train), (Counts{15, 15}));
  how.test_speakers = {"s9"};
  const auto refused = [&](const std::shared_ptr<NumberSet>& set) {
    return error_of([&] { chosen(set, how); });
  };
  EXPECT_NE(refused(std::make_shared<NumberSet>(100)).find("nobody is called 's9'"), std::string::npos);
  const auto silent = std::make_shared<NumberSet>(100);
  silent->unknown_from = 50;
  EXPECT_NE(refused(silent).find("does not say who speaks"), std::string::npos);
}

// The first of a sorted set would be those of some classes only.
TEST(ChosenItems, KeptItemsAreDrawnWhereAnOrderIs) {
  ChosenItems items(std::make_shared<NumberSet>(600), {});
  const auto all = items.items(Part::test);
  ChosenItems first = items, drawn = items, other = items;
  first.keep(Part::test, 50, {});
  drawn.keep(Part::test, 50, 3);
  other.keep(Part::test, 50, 4);
  EXPECT_TRUE(std::equal(first.items(Part::test).begin(), first.items(Part::test).end(), all.begin()));
  EXPECT_EQ(drawn.items(Part::test).size(), 50U);
  EXPECT_TRUE(std::ranges::is_sorted(drawn.items(Part::test)));
  EXPECT_TRUE(std::ranges::includes(all, drawn.items(Part::test)));
  EXPECT_GT(drawn.items(Part::test).back(), 300U);
  EXPECT_NE(drawn.items(Part::test), other.items(Part::test));
}

// --- kinds

void write_recording(const std::string& path, std::size_t count) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  Aedat2Writer writer(path, "DVS128");
  writer.write(test::noise_events(count, test::camera(128, 128), 5000));
  writer.finish();
}

TEST(DataSets, FoldersOfClasses) {
  const TemporaryFolder folder;
  for (const char* const part : {"train", "test"})
    for (const char* const of : {"cars", "background"})
      for (int k = 0; k < (part[1] == 'r' ? 3 : 2); ++k)
        write_recording(folder.file(fmt::format("{}/{}/{}.aedat", part, of, k)), std::size_t(10 + k));
  const ChosenItems items(described(folder.path().string()));
  EXPECT_EQ(items.set().kind(), "folders");
  EXPECT_EQ(items.classes(), (std::vector<std::string>{"background", "cars"}));
  EXPECT_EQ(items.counts(Part::train), (Counts{3, 3}));
  EXPECT_EQ(items.counts(Part::test), (Counts{2, 2}));
  const DataItem item = items.read(items.items(Part::train)[1]);
  EXPECT_EQ(item.events.size(), 11U);
  EXPECT_EQ(item.events.front().t_us, 0);
  EXPECT_EQ(items.set().shape().neurons(), 128U * 128 * 2);
  const ChosenItems part(described(folder.file("test")));
  EXPECT_EQ(part.counts(Part::train), (Counts{2, 2})) << "a folder of classes that says nothing of parts";
}

TEST(DataSets, ListedInATable) {
  const TemporaryFolder folder;
  write_recording(folder.file("train/a.aedat"), 20);
  write_recording(folder.file("test/b.aedat"), 30);
  folder.write("labels.csv", "file,label\ntrain/a.aedat,2\ntest/b.aedat,0\n");
  const ChosenItems items(described(folder.path().string()));
  EXPECT_EQ(items.counts(Part::train), (Counts{0, 0, 1}));
  EXPECT_EQ(items.counts(Part::test), (Counts{1, 0, 0}));
  EXPECT_EQ(items.set().files(), (std::vector{folder.file("test/b.aedat"), folder.file("train/a.aedat"),
                                              folder.file("labels.csv")}));
  folder.write("labels.csv", "file,label\nmissing.aedat,2\n");
  EXPECT_NE(error_of([&] { ChosenItems(described(folder.path().string())); }).find("labels.csv:2:1"),
            std::string::npos);
}

TEST(DataSets, GesturesAreStretchesOfRecordings) {
  const TemporaryFolder folder;
  write_recording(folder.file("user01_led.aedat"), 2000);
  write_recording(folder.file("user02_led.aedat"), 2000);
  folder.write("trials_to_train.txt", "user01_led.aedat\n");
  folder.write("trials_to_test.txt", "user02_led.aedat\r\n\n");
  const std::string table = "class,startTime_usec,endTime_usec\n2,6000,7000\n11,7000,9000\n";
  folder.write("user01_led_labels.csv", table);
  folder.write("user02_led_labels.csv", table);
  const ChosenItems items(described(folder.path().string()));
  EXPECT_EQ(items.set().kind(), "dvs_gesture");
  EXPECT_EQ(items.classes().size(), 11U);
  EXPECT_EQ(items.classes().back(), "11");
  ASSERT_EQ(items.items(Part::train).size(), 2U);
  const DataItem second = items.read(1);
  EXPECT_EQ(second.label, 10U);
  const auto events = test::noise_events(2000, test::camera(128, 128), 5000);
  EXPECT_EQ(second.events.size(), std::size_t(std::count_if(events.begin(), events.end(), [](const Event& e) {
              return e.t_us >= 7000 && e.t_us < 9000;
            })));
}

TEST(DataSets, ImagesOfIdxFiles) {
  const TemporaryFolder folder;
  test::write_set(folder, "train", 24);
  test::write_set(folder, "t10k", 8);
  const ChosenItems items(described(folder.path().string()));
  EXPECT_EQ(items.set().kind(), "idx");
  EXPECT_EQ(items.counts(Part::train), (Counts{6, 6, 6, 6}));
  EXPECT_EQ(items.counts(Part::test), (Counts{2, 2, 2, 2}));
  const std::string third = test::half(2, 255);
  EXPECT_EQ(items.read(26).pixels, std::vector<std::uint8_t>(third.begin(), third.end()));
  const ChosenItems test_file(described(folder.file("t10k-images-idx3-ubyte")));
  EXPECT_EQ(test_file.items(Part::train).size(), 0U);
  EXPECT_EQ(test_file.items(Part::test).size(), 8U);
}

TEST(DataSets, WhatIsNoSetIsRefused) {
  const TemporaryFolder folder;
  EXPECT_NE(error_of([&] { open_dataset(folder.path().string()); }).find("not a data set"),
            std::string::npos);
  EXPECT_NE(error_of([&] { open_dataset(folder.file("missing")); }).find("no such"), std::string::npos);
  write_recording(folder.file("single.aedat"), 10);
  EXPECT_NE(error_of([&] { open_dataset(folder.file("single.aedat")); }), "");
}

TEST(DataSets, SheetsAreDrawn) {
  const TemporaryFolder folder;
  test::write_set(folder, "train", 24);
  draw_sheet(folder.file("images.svg"), ChosenItems(described(folder.path().string())), 5, false);
  EXPECT_NE(test::content_of(folder.file("images.svg")).find("</svg>"), std::string::npos);
  write_recording(folder.file("set/x/1.aedat"), 100);
  draw_sheet(folder.file("events.png"), ChosenItems(described(folder.file("set"))), 2, false);
  EXPECT_GT(std::filesystem::file_size(folder.file("events.png")), 500U);
}

// --- genuine sets

class Genuine : public testing::Test {
 protected:
  ChosenItems open(const std::string& name) { return ChosenItems(described(test::data_file(name))); }
};

TEST_F(Genuine, Mnist) {
  if (!test::have("mnist")) GTEST_SKIP() << "not here";
  const ChosenItems items = open("mnist");
  EXPECT_EQ(items.items(Part::train).size(), 60000U);
  EXPECT_EQ(items.items(Part::test).size(), 10000U);
  EXPECT_EQ(items.counts(Part::train), (Counts{5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949}));
  EXPECT_EQ(items.label(0), 5U);
}

TEST_F(Genuine, Cifar10) {
  if (!test::have("cifar10")) GTEST_SKIP() << "not here";
  const ChosenItems items = open("cifar10");
  EXPECT_EQ(items.set().kind(), "cifar10");
  EXPECT_EQ(items.counts(Part::train), (Counts{1005, 974, 1032, 1016, 999, 937, 1030, 1001, 1025, 981}));
  EXPECT_EQ(items.items(Part::test).size(), 2000U);
  EXPECT_EQ(items.classes()[6], "frog");
  const DataItem frog = items.read(0);
  EXPECT_EQ(frog.label, 6U);
  EXPECT_EQ((std::vector<std::uint8_t>(frog.pixels.begin(), frog.pixels.begin() + 6)),
            (std::vector<std::uint8_t>{59, 62, 63, 43, 46, 45}));
}

TEST_F(Genuine, NMnist) {
  if (!test::have("nmnist")) GTEST_SKIP() << "not here";
  const ChosenItems items = open("nmnist");
  EXPECT_EQ(items.items(Part::train).size(), 1000U);
  EXPECT_EQ(items.items(Part::test).size(), 50U);
  EXPECT_EQ(items.counts(Part::train), (Counts{97, 116, 99, 93, 105, 92, 94, 117, 87, 100}));
  const DataItem first = items.read(0);
  EXPECT_EQ(first.label, 5U);
  EXPECT_EQ(first.events.size(), 4681U);
  EXPECT_EQ(items.set().shape().neurons(), 34U * 34 * 2);
}

TEST_F(Genuine, SpokenDigits) {
  if (!test::have("fsdd")) GTEST_SKIP() << "not here";
  const ChosenItems items = open("fsdd");
  EXPECT_EQ(items.counts(Part::test), Counts(10, 25));
  EXPECT_EQ(items.counts(Part::train), Counts(10, 225));
  EXPECT_TRUE(items.set().shape().audio);
  DatasetDescription how = described(test::data_file("fsdd"));
  how.test_speakers = {"theo"};
  const ChosenItems by_speaker(how);
  EXPECT_EQ(by_speaker.counts(Part::test), Counts(10, 50));
  EXPECT_EQ(by_speaker.counts(Part::train), Counts(10, 200));
}

TEST_F(Genuine, SpikesOfWords) {
  if (!test::have("shd_format")) GTEST_SKIP() << "not here";
  const ChosenItems items = open("shd_format/shd_format_derived.h5");
  EXPECT_EQ(items.set().kind(), "shd");
  EXPECT_EQ(items.counts(Part::train), (Counts{1, 1, 2, 1, 1, 1, 1, 1, 1, 1}));
  EXPECT_EQ(items.read(0).events.size(), 6097U);
  EXPECT_EQ(items.read(9).events.size(), 2476U);
}

TEST_F(Genuine, SpokenDigitsArePackedAsSpikes) {
  if (!test::have("fsdd")) GTEST_SKIP() << "not here";
  const TemporaryFolder folder;
  for (const char* const name : {"0_theo_9.wav", "3_george_1.wav"})
    std::filesystem::copy_file(test::data_file(std::string("fsdd/recordings/") + name), folder.file(name));
  const auto words = std::make_shared<ChosenItems>(described(folder.path().string()));
  EXPECT_EQ(pack_spikes(words, {}, {}, folder.file("all.h5")), 2U);
  const ChosenItems packed(described(folder.file("all.h5")));
  EXPECT_EQ(packed.counts(Part::train), (Counts{1, 0, 0, 1}));
  const DataItem spikes = packed.read(1);
  EXPECT_EQ(spikes.label, 3U);
  EXPECT_GT(spikes.events.size(), 500U);
  const auto speakers =
      hdf5::File::open(folder.file("all.h5")).dataset("extra/speaker").read<std::uint16_t>();
  EXPECT_EQ(speakers, (std::vector<std::uint16_t>{1, 0})) << "theo, george";
  DatasetDescription how = described(folder.file("all.h5"));
  how.test_speakers = {"1"};
  EXPECT_EQ(ChosenItems(how).items(Part::test), (std::vector<std::size_t>{0}));
}

// --- in a task

TEST(DatasetOfATask, LearnsAsFromTheFolderItself) {
  const TemporaryFolder folder;
  test::write_set(folder, "train", 24);
  test::write_set(folder, "t10k", 8);
  const auto result = [&](NetworkDescription network) {
    Classifier classifier(std::move(network));
    MemorySink sink(classifier.network());
    classifier.run(sink);
    return classifier.result();
  };
  const NetworkDescription plain = test::small_task(folder);
  NetworkDescription with_set = plain;
  with_set.task->data.kind = "dataset";
  with_set.task->data.dataset = described(folder.path().string());
  const Classification a = result(plain), b = result(with_set);
  EXPECT_EQ(a.votes, b.votes);
  EXPECT_EQ(a.spikes, b.spikes);
  EXPECT_EQ(a.assignment, b.assignment);
  with_set.task->data.dataset->classes = {"0", "3"};
  with_set.task->data.dataset->shuffle = 3;
  EXPECT_EQ(result(with_set).confusion.classes(), 2U);
  with_set.task->data.dataset->batch = 2;
  EXPECT_NE(error_of([&] { result(with_set); }).find("batch"), std::string::npos);
}

}  // namespace
}  // namespace synfire
