/// Brings PocketBase's `users` collection to what the other servers are measured with.
migrate((app) => {
  const users = app.findCollectionByNameOrId("users");

  // The same bcrypt work per login as everybody else; PocketBase's own default is 10.
  users.fields.getByName("password").cost = 12;
  // No mail about a login from a new place: there is no mail server beside a benchmark.
  users.authAlert.enabled = false;
  app.save(users);

  // No request log in its auxiliary database: the others write none either, so it would be handicapped.
  const settings = app.settings();
  settings.logs.maxDays = 0;
  app.save(settings);
});
