using System.Text.Json;
using Jint.Native;
using Jint.Native.Object;
using Jint.Runtime;
using SecFlow.PluginHost.Context;
using SecFlow.PluginHost.Scripting;
using SecFlow.PluginProtocol;

namespace SecFlow.PluginHost.Parsing;

/// <summary>
/// <c>ctx.parse</c>: native, streaming, bounded parsers of what tools and targets say. The data is hostile: one record is at most
/// <see cref="HostLimits.RecordBytes"/>, nests at most <see cref="HostLimits.JsonDepth"/> deep, and nothing is fetched.
/// </summary>
public sealed class RecordParsers(Steps steps, Handles handles, HostLimits limits)
{
    private readonly ScriptRealm _realm = steps.Realm;

    /// <summary>
    /// <c>jsonLines(data, fn(record, line), {cut, skip, only})</c>. A line that is not JSON, too long or too deep is skipped and counted:
    /// returns {records, skipped, firstError}. See <see cref="RecordShape"/>.
    /// </summary>
    public JsValue JsonLines(JsValue[] arguments)
    {
        var callback = arguments.Callback(1);
        var shape = RecordShape.Read(arguments.At(2));
        var most = MostBytes(shape);
        using var stream = handles.Open(arguments.At(0));
        int records = 0, skipped = 0;
        string? firstError = null;
        foreach (var line in new LineReader(stream, most).Lines(steps.Progressed))
        {
            var error = line.TooLong ? $"longer than {most} bytes" : null;
            JsValue? value = null;
            try
            {
                value = error is null ? _realm.Json.Read(line.Bytes, shape) : value;
            }
            catch (JsonException e)
            {
                error = e.Message;
            }

            if (error is not null)
            {
                skipped++;
                firstError ??= $"line {line.Number}: {error}";
                continue;
            }

            if (value is { } record)
            {
                records++;
                steps.Record(callback, record, new JsValue((double)line.Number));
            }
        }

        return Summary(records, skipped, firstError);
    }

    /// <summary>
    /// <c>json(data, fn(record, index), {path, cut, skip, only})</c>: each element of the array at <c>path</c> (dotted; default the top),
    /// or the value itself when it is no array. Broken JSON is a script exception; what was read before it was delivered.
    /// </summary>
    public JsValue Json(JsValue[] arguments)
    {
        var callback = arguments.Callback(1);
        var path = Option(arguments.At(2), "path") is { } text ? text.Split('.', StringSplitOptions.RemoveEmptyEntries) : [];
        var shape = RecordShape.Read(arguments.At(2));
        using var stream = handles.Open(arguments.At(0));
        var records = 0;
        try
        {
            foreach (var element in new JsonRecords(stream, path, MostBytes(shape), limits.JsonDepth).Elements(steps.Progressed))
            {
                if (_realm.Json.Read(element, shape) is { } record)
                {
                    steps.Record(callback, record, new JsValue((double)records++));
                }
            }
        }
        catch (JsonException e) when (ScriptJson.TooDeep(e))
        {
            throw new DataLimitException(ScriptLimits.Nesting, $"The JSON nests deeper than {limits.JsonDepth}.");
        }

        return Summary(records, 0, null);
    }

    /// <summary>
    /// <c>xml(data, fn(element), {element, elements})</c>: each element of that name, or of those names, wherever it stands, or each child of the root.
    /// An element is {name, attributes, text, children}; names without namespace prefix. No DTD, no entity, no fetch.
    /// </summary>
    public JsValue Xml(JsValue[] arguments)
    {
        var callback = arguments.Callback(1);
        var names = arguments.At(2).IsObject() && arguments.At(2).AsObject().Get("elements") is var list && !list.IsUndefined()
            ? RecordShape.Texts(list, "elements", 100, StringComparer.Ordinal)
            : Option(arguments.At(2), "element") is { } one ? [one] : null;
        using var stream = handles.Open(arguments.At(0));
        var records = 0;
        foreach (var element in new XmlRecords(stream, names, limits.RecordBytes, limits.JsonDepth).Elements(steps.Progressed))
        {
            records++;
            steps.Record(callback, ToScript(element));
        }

        return Summary(records, 0, null);
    }

    /// <summary>
    /// <c>csv(data, fn(record, row), {header, delimiter, only})</c>, RFC 4180. With a header (default) a record is an object by column name,
    /// otherwise an array. A record that is too long is skipped and counted.
    /// </summary>
    public JsValue Csv(JsValue[] arguments)
    {
        var callback = arguments.Callback(1);
        var options = arguments.At(2);
        var header = !options.IsObject() || options.AsObject().Get("header") is not { } asked || asked.IsUndefined() || TypeConverter.ToBoolean(asked);
        var delimiter = Option(options, "delimiter") ?? ",";
        if (delimiter.Length != 1 || delimiter is "\"" or "\n" or "\r")
        {
            throw new ArgumentException("The delimiter must be one character.");
        }

        var only = RecordFilter.Read(options);
        var column = only is not null && !header ? ColumnOf(only) : -1;
        using var stream = handles.Open(arguments.At(0));
        string[]? columns = null;
        int records = 0, skipped = 0, row = 0;
        string? firstError = null;
        foreach (var fields in new CsvRecords(stream, delimiter[0], limits.RecordBytes).Rows(steps.Progressed))
        {
            row++;
            if (fields is null)
            {
                skipped++;
                firstError ??= $"row {row}: longer than {limits.RecordBytes} characters";
            }
            else if (header && columns is null)
            {
                columns = fields;
                column = only is null ? -1 : Array.IndexOf(columns, only.Field);
            }
            else if (only is null || only.Takes(column >= 0 && column < fields.Length ? fields[column] : null))
            {
                records++;
                steps.Record(callback, ToScript(columns, fields), new JsValue((double)row));
            }
        }

        return Summary(records, skipped, firstError);
    }

    private int MostBytes(RecordShape shape) => shape.IsLess ? limits.RecordBytes * RecordShape.RawFactor : limits.RecordBytes;

    private static int ColumnOf(RecordFilter only) => int.TryParse(only.Field, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var column)
        ? column
        : throw new ArgumentException("'only.field' must be the number of a column, from 0, where there is no header.");

    private static string? Option(JsValue options, string name) =>
        options.IsObject() && options.AsObject().Get(name) is var value && !value.IsUndefined() ? TypeConverter.ToString(value) : null;

    private JsValue ToScript(string[]? columns, string[] fields)
    {
        if (columns is null)
        {
            return new JsValue(_realm.NewArray(fields.Select(field => new JsValue(field))));
        }

        var record = _realm.NewObject();
        for (var i = 0; i < columns.Length; i++)
        {
            record.FastAddProperty(columns[i], new JsValue(i < fields.Length ? fields[i] : ""), true, true, true);
        }

        return new JsValue(record);
    }

    private JsValue ToScript(XmlElementRecord element)
    {
        var attributes = _realm.NewObject();
        foreach (var (name, value) in element.Attributes)
        {
            attributes.FastAddProperty(name, new JsValue(value), true, true, true);
        }

        var record = _realm.NewObject();
        record.FastAddProperty("name", new JsValue(element.Name), true, true, true);
        record.FastAddProperty("attributes", new JsValue(attributes), true, true, true);
        record.FastAddProperty("text", new JsValue(element.Text), true, true, true);
        record.FastAddProperty("children", new JsValue(_realm.NewArray(element.Children.Select(ToScript))), true, true, true);
        return new JsValue(record);
    }

    private JsValue Summary(int records, int skipped, string? firstError)
    {
        var summary = _realm.NewObject();
        summary.FastAddProperty("records", new JsValue((double)records), true, true, true);
        summary.FastAddProperty("skipped", new JsValue((double)skipped), true, true, true);
        summary.FastAddProperty("firstError", firstError is null ? JsValue.Null : new JsValue(firstError), true, true, true);
        return new JsValue(summary);
    }
}
