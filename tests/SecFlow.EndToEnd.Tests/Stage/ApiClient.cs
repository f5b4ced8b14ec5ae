using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Teams;

namespace SecFlow.EndToEnd.Tests.Stage;

/// <summary>A client of the API with a token of the demo team.</summary>
internal sealed class ApiClient(Uri url, string token) : IDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = url, DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", token) } };

    /// <summary>Makes a token in the database of an installation.</summary>
    public static Task<string> TokenAsync(string dataFolder) => TokenAsync(new DatabaseOptions(DatabaseKind.Sqlite, $"Data Source={Path.Combine(dataFolder, "secflow.db")}"));

    public static async Task<string> TokenAsync(DatabaseOptions options)
    {
        var database = new Database(options, TimeProvider.System);
        var team = await new TeamStore(database).FindBySlugAsync("demo");
        var request = new NewToken("end-to-end test", ["runs:read", "runs:write", "findings:read", "workflows:read", "targets:read"], TeamRole.Analyst, database.Time.GetUtcNow().AddHours(1));
        return (await new TokenStore(database).CreateAsync(Actor.System(team!.Id), request)).Text;
    }

    public async Task<JsonElement> GetAsync(string path) => await _http.GetFromJsonAsync<JsonElement>("api/v1/" + path);

    public async Task<JsonElement> PostAsync(string path, object body)
    {
        using var response = await _http.PostAsJsonAsync("api/v1/" + path, body);
        var text = await response.Content.ReadAsStringAsync();
        response.IsSuccessStatusCode.ShouldBeTrue($"{(int)response.StatusCode} {text}");
        return JsonDocument.Parse(text).RootElement;
    }

    public void Dispose() => _http.Dispose();
}
