/** Paths that are worth asking for on many sites; a slash at the end marks a folder. Made for this plugin. */
const commonWords = (
  "about account accounts actuator actuator/env actuator/health admin admin/ admin/login admin.php administrator administrator/ api api/ api/docs api/health api/status api/users api/v1 api/v1/ api/v2 api-docs app app/ " +
  "app.js archive archive/ assets/ auth auth/login backend backend/ backup backup/ backup.sql backup.tar.gz backup.zip backups backups/ beta bin/ blog blog/ build/ cache cache/ cart cgi-bin/ changelog CHANGELOG.md " +
  "changelog.txt checkout ci client clients cms code common components/ composer.json composer.lock conf conf/ config config/ config.js config.json config.php config.php.bak config.yml configuration console console/ contact " +
  "content content/ control cp cron cron.php crossdomain.xml css/ customer customers dashboard dashboard/ data data/ database database/ database.sql db db/ db.sql debug debug/ default demo demo/ deploy deploy/ dev dev/ develop " +
  "dist/ doc doc/ Dockerfile docker-compose.yml docs docs/ download download/ downloads downloads/ drafts dump dump.sql editor elmah.axd email env error error_log errors events example examples export export/ exports/ extern " +
  "favicon.ico feed feedback file files files/ fonts/ forgot form forms forum ftp gallery git graphql graphiql health healthz help hidden hidden/ history home hosts htdocs/ humans.txt image images images/ img/ import import/ " +
  "include/ includes/ index.html index.php info info.php inc/ install install/ install.php internal internal/ intranet inventory invoice invoices issues jenkins job jobs js/ json kibana lab lang/ legacy legacy/ lib/ LICENSE " +
  "license.txt list live log log/ log.txt login login.php logo.png logs logs/ mail mail/ maintenance manage manage/ management manager manager/ manager/html manual media media/ member members members/ message metrics mobile " +
  "mock module modules/ monitor monitoring my-account news new node_modules/ notes notes.txt oauth oauth/authorize office old old/ openapi.json openapi.yaml operations order orders outbox package.json package-lock.json page " +
  "pages panel panel/ partner partners password passwords.txt payment payments phpinfo.php phpmyadmin phpmyadmin/ ping portal portal/ preview preview/ private private/ prod product products profile project projects prometheus " +
  "public public/ readme README.md readme.html readme.txt redirect redis register release releases report report/ reports reports/ reset resources/ rest rest/ restricted restricted/ review robots.txt root rss sales sample " +
  "samples sandbox save script scripts/ search secret secret/ secrets secure secure/ security security.txt server server-info server-status service services session sessions settings setup setup/ setup.php shell shop sign-in " +
  "signin signup site sitemap.xml sites snapshot source src/ sql sql/ staff staff/ stage staging staging/ start stat static/ statistics stats stats/ status storage storage/ store stream style styles/ subscribe support swagger " +
  "swagger/ swagger.json swagger-ui/ swagger-ui.html sync sys sysadmin system system/ task tasks team temp temp/ template templates/ test test/ test.html test.php testing tests/ ticket tickets tmp tmp/ todo.txt token tokens tool " +
  "tools tools/ trace tracking training update updates upgrade upload upload/ upload.php uploads uploads/ user user/login users users/ util v1 v1/ v2 v2/ vendor/ version version.txt video views/ web web.config web.config.bak " +
  "webadmin webhook webhooks webmail wiki wiki/ work wp-admin/ wp-content/ wp-includes/ wp-json/ wp-login.php www xmlrpc.php zip .bash_history .DS_Store .dockerenv .env .env.bak .env.local .env.production .git/ .git/config " +
  ".git/HEAD .gitignore .gitlab-ci.yml .hg/ .htaccess .htpasswd .npmrc .ssh/ .svn/ .svn/entries .vscode/ .well-known/ .well-known/change-password .well-known/openid-configuration .well-known/security.txt"
).split(" ");
