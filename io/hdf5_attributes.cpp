#include <algorithm>

#include "io/hdf5_check.hpp"
#include "io/hdf5_internal.hpp"

namespace synfire::hdf5 {

using namespace detail;

Object::Object(std::shared_ptr<detail::FileState> file, std::shared_ptr<detail::Handle> handle,
               std::string path)
    : file_(std::move(file)), handle_(std::move(handle)), path_(std::move(path)) {}

const std::string& Object::file_path() const { return file_->path; }

namespace {

/// True if a value of that type and size can take the place of the attribute's.
bool fits(hid_t attribute, hid_t type, hid_t space) {
  const Id stored(H5Aget_type(attribute), H5Tclose);
  const Id size(H5Aget_space(attribute), H5Sclose);
  const bool both_texts = H5Tis_variable_str(stored) > 0 && H5Tis_variable_str(type) > 0;
  return (both_texts || H5Tequal(stored, type) > 0) && H5Sextent_equal(size, space) > 0;
}

/// Writes over an attribute of that name where it stands if it fits: a flush then changes one place in the
/// file, so that a kill leaves either value. Otherwise creates it anew.
void put_attribute(hid_t object, const std::string& name, hid_t type, hid_t space, const void* data,
                   const std::string& file, const std::string& path) {
  const auto check = [&](auto result) {
    checked(result, ErrorKind::resource, file, path, fmt::format("cannot write attribute '{}'", name));
  };
  if (H5Aexists(object, name.c_str()) > 0) {
    const Id present(H5Aopen(object, name.c_str(), H5P_DEFAULT), H5Aclose);
    check(present.id);
    if (fits(present, type, space)) return check(H5Awrite(present, type, data));
    check(H5Adelete(object, name.c_str()));
  }
  const Id attribute(H5Acreate2(object, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
  check(attribute.id);
  check(H5Awrite(attribute, type, data));
}

hid_t text_type() {
  const hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, H5T_VARIABLE);
  H5Tset_cset(type, H5T_CSET_UTF8);
  return type;
}

}  // namespace

template <class T>
void Object::write_attribute(const std::string& name, std::span<const T> values, bool scalar) {
  const Lock lock;
  file_->require_open();
  const hsize_t size = values.size();
  const Id space(scalar ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &size, nullptr), H5Sclose);
  put_attribute(handle_->id, name, native(type_of<T>()), space, values.data(), file_path(), path_);
}

void Object::set_attribute(const std::string& name, std::string_view value) {
  const Lock lock;
  file_->require_open();
  const std::string text(value);
  const char* const pointer = text.c_str();
  const Id type(text_type(), H5Tclose);
  const Id space(H5Screate(H5S_SCALAR), H5Sclose);
  put_attribute(handle_->id, name, type, space, static_cast<const void*>(&pointer), file_path(), path_);
}

void Object::set_attribute(const std::string& name, double value) {
  write_attribute<double>(name, {&value, 1}, true);
}
void Object::set_attribute(const std::string& name, std::int64_t value) {
  write_attribute<std::int64_t>(name, {&value, 1}, true);
}
void Object::set_attribute(const std::string& name, std::uint64_t value) {
  write_attribute<std::uint64_t>(name, {&value, 1}, true);
}
void Object::set_attribute(const std::string& name, std::uint32_t value) {
  write_attribute<std::uint32_t>(name, {&value, 1}, true);
}
void Object::set_attribute(const std::string& name, std::uint8_t value) {
  write_attribute<std::uint8_t>(name, {&value, 1}, true);
}
void Object::set_attribute(const std::string& name, std::span<const std::uint32_t> values) {
  write_attribute<std::uint32_t>(name, values, false);
}

void Object::set_enum_attribute(const std::string& name, std::uint8_t value,
                                std::span<const std::pair<const char*, std::uint8_t>> members) {
  const Lock lock;
  file_->require_open();
  const Id type(H5Tenum_create(H5T_NATIVE_UINT8), H5Tclose);
  for (const auto& [text, number] : members) H5Tenum_insert(type, text, &number);
  const Id space(H5Screate(H5S_SCALAR), H5Sclose);
  put_attribute(handle_->id, name, type, space, &value, file_path(), path_);
}

bool Object::has_attribute(const std::string& name) const {
  const Lock lock;
  file_->require_open();
  return H5Aexists(handle_->id, name.c_str()) > 0;
}

namespace {

std::string read_text(hid_t attribute, hid_t type, const std::string& file, const std::string& path) {
  const auto check = [&](auto result) {
    checked(result, ErrorKind::input, file, path, "cannot read an attribute");
  };
  constexpr std::size_t longest = 1 << 20;
  const std::size_t size = H5Tget_size(type);
  if (size > longest) fail(ErrorKind::input, file, path, "an attribute's text is longer than 1 MiB");
  std::string text(size, '\0');
  check(H5Aread(attribute, type, text.data()));
  text.resize(std::min(text.find('\0'), text.size()));
  while (H5Tget_strpad(type) == H5T_STR_SPACEPAD && !text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

std::string read_enum_name(hid_t attribute, hid_t type, const std::string& file, const std::string& path) {
  std::array<std::byte, 64> value{};
  std::array<char, 256> name{};
  if (H5Tget_size(type) > value.size()) fail(ErrorKind::input, file, path, "an enumeration is too wide");
  checked(H5Aread(attribute, type, value.data()), ErrorKind::input, file, path, "cannot read an attribute");
  checked(H5Tenum_nameof(type, value.data(), name.data(), name.size()), ErrorKind::input, file, path,
          "an attribute's value is not in its enumeration");
  return name.data();
}

}  // namespace

std::optional<std::string> Object::text_attribute(const std::string& name) const {
  const Lock lock;
  file_->require_open();
  if (H5Aexists(handle_->id, name.c_str()) <= 0) return std::nullopt;
  const Id attribute(H5Aopen(handle_->id, name.c_str(), H5P_DEFAULT), H5Aclose);
  const auto doing = fmt::format("cannot read attribute '{}'", name);
  checked(attribute.id, ErrorKind::input, file_path(), path_, doing);
  const Id type(H5Aget_type(attribute), H5Tclose);
  check_type(type, file_path(), path_);
  const Id space(H5Aget_space(attribute), H5Sclose);
  if (H5Sget_simple_extent_npoints(space) != 1)
    fail(ErrorKind::input, file_path(), path_, fmt::format("attribute '{}' must be one value", name));
  switch (H5Tget_class(type)) {
    case H5T_STRING:
      if (H5Tis_variable_str(type) > 0) {
        if (file_->writing) file_->flush();
        const auto address = info_of(handle_->id, ".").value_or(ObjectInfo{}).addr;
        return read_free_text({file_->id, file_->path}, address, name, path_);
      }
      return read_text(attribute, type, file_path(), path_);
    case H5T_ENUM:
      return read_enum_name(attribute, type, file_path(), path_);
    default:
      fail(ErrorKind::input, file_path(), path_, fmt::format("attribute '{}' must be text", name));
  }
}

template <class T> std::optional<T> Object::scalar_attribute(const std::string& name) const {
  const Lock lock;
  file_->require_open();
  if (H5Aexists(handle_->id, name.c_str()) <= 0) return std::nullopt;
  const Id attribute(H5Aopen(handle_->id, name.c_str(), H5P_DEFAULT), H5Aclose);
  const auto doing = fmt::format("cannot read attribute '{}'", name);
  checked(attribute.id, ErrorKind::input, file_path(), path_, doing);
  const Id type(H5Aget_type(attribute), H5Tclose);
  check_type(type, file_path(), path_);
  const Id space(H5Aget_space(attribute), H5Sclose);
  const H5T_class_t kind = H5Tget_class(type);
  if (H5Sget_simple_extent_npoints(space) != 1 || (kind != H5T_INTEGER && kind != H5T_FLOAT))
    fail(ErrorKind::input, file_path(), path_, fmt::format("attribute '{}' must be one number", name));
  T value{};
  checked(H5Aread(attribute, native(type_of<T>()), &value), ErrorKind::input, file_path(), path_, doing);
  return value;
}

std::optional<double> Object::number_attribute(const std::string& name) const {
  return scalar_attribute<double>(name);
}
std::optional<std::int64_t> Object::integer_attribute(const std::string& name) const {
  return scalar_attribute<std::int64_t>(name);
}
std::optional<std::uint64_t> Object::unsigned_attribute(const std::string& name) const {
  return scalar_attribute<std::uint64_t>(name);
}

std::optional<std::vector<std::uint64_t>> Object::list_attribute(const std::string& name) const {
  const Lock lock;
  file_->require_open();
  if (H5Aexists(handle_->id, name.c_str()) <= 0) return std::nullopt;
  const Id attribute(H5Aopen(handle_->id, name.c_str(), H5P_DEFAULT), H5Aclose);
  const auto doing = fmt::format("cannot read attribute '{}'", name);
  checked(attribute.id, ErrorKind::input, file_path(), path_, doing);
  const Id type(H5Aget_type(attribute), H5Tclose);
  check_type(type, file_path(), path_);
  const Id space(H5Aget_space(attribute), H5Sclose);
  const hssize_t count = H5Sget_simple_extent_npoints(space);
  constexpr hssize_t most = 64;
  if (count < 0 || count > most || H5Tget_class(type) != H5T_INTEGER)
    fail(ErrorKind::input, file_path(), path_,
         fmt::format("attribute '{}' must be at most {} whole numbers", name, most));
  std::vector<std::uint64_t> values(static_cast<std::size_t>(count));
  if (values.empty()) return values;
  checked(H5Aread(attribute, native(type_of<std::uint64_t>()), values.data()), ErrorKind::input, file_path(),
          path_, doing);
  return values;
}

// ---- Texts as datasets: attributes hold at most 64 kB ----

Dataset Group::create_text(const std::string& name, const std::string& text) {
  const Lock lock;
  file_->require_open();
  const char* const pointer = text.c_str();
  const Id type(text_type(), H5Tclose);
  const Id space(H5Screate(H5S_SCALAR), H5Sclose);
  const Id plist(detail::dataset_properties(), H5Pclose);
  const hid_t id = H5Dcreate2(handle_->id, name.c_str(), type, space, H5P_DEFAULT, plist, H5P_DEFAULT);
  checked(id, ErrorKind::resource, file_path(), join(name), "cannot create the dataset");
  Dataset made(file_, own(id, H5Dclose), join(name));
  file_->or_abandon([&] {
    checked(H5Dwrite(id, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, static_cast<const void*>(&pointer)),
            ErrorKind::resource, file_path(), join(name), "cannot write");
  });
  return made;
}

std::string library_version() {
  unsigned major = 0, minor = 0, release = 0;
  H5get_libversion(&major, &minor, &release);
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(release);
}

}  // namespace synfire::hdf5
